/* What to enter in somebody else's DHCP server: sentences in the user's language, settings exactly as they are typed.
 */
#include "pxe/dnsmasq.h"
#include "base/i18n.h"
#include "base/rule.h"

enum need { ALWAYS = 0, BIOS = 1, UEFI = 2, BOTH = BIOS | UEFI };

struct piece {
        unsigned need;      /* left out unless these are served */
        const char *spoken; /* one line for people, thus translated; or */
        const char *typed;  /* {1} our address, {2} BIOS file, {3} UEFI file, {4} URL for UEFI HTTP boot, {5} for iPXE,
                               {6} the network */
};

static const struct piece pieces[] = {
        { ALWAYS, N_("What to enter in this network's DHCP server, so that machines boot from {1}:"), NULL },
        { ALWAYS, NULL, "\n== " },
        { ALWAYS, N_("A router's web page"), NULL },
        { ALWAYS, NULL, "\n" },
        { ALWAYS,
                N_("The fields may be called \"next server\", \"TFTP server\" or \"option 66\", and \"boot file\" or "
                   "\"option 67\"."),
                NULL },
        { ALWAYS, NULL, "\n" },
        { ALWAYS, NULL, "    66  {1}\n" },
        { BIOS, NULL, "    67  {2}      " },
        { BIOS, N_("machines with BIOS"), NULL },
        { UEFI, NULL, "    67  {3}      " },
        { UEFI, N_("machines with UEFI"), NULL },
        { BOTH, NULL, "\n" },
        { BOTH,
                N_("A router that has room for one boot file can serve either BIOS or UEFI. For both, leave the two "
                   "fields empty and use 'xenroll serve --dhcp proxy'."),
                NULL },
        { ALWAYS, NULL, "\n== " },
        { ALWAYS, N_("dnsmasq (OpenWrt and others): lines for dnsmasq.conf"), NULL },
        { ALWAYS, NULL, "\n" },
        { ALWAYS, NULL, "    dhcp-match=set:xenroll-ipxe,175\n" },
        { BIOS, NULL, "    dhcp-match=set:xenroll-bios,option:client-arch,0\n" },
        { UEFI, NULL,
                "    dhcp-match=set:xenroll-uefi,option:client-arch,7\n"
                "    dhcp-match=set:xenroll-uefi,option:client-arch,9\n"
                "    dhcp-match=set:xenroll-http,option:client-arch,16\n" },
        { BIOS, NULL, "    dhcp-boot=tag:xenroll-bios,tag:!xenroll-ipxe,{2},,{1}\n" },
        { UEFI, NULL,
                "    dhcp-boot=tag:xenroll-uefi,tag:!xenroll-ipxe,{3},,{1}\n"
                "    dhcp-boot=tag:xenroll-http,tag:!xenroll-ipxe,{4},,{1}\n"
                "    dhcp-option-force=tag:xenroll-http,60,HTTPClient\n" },
        { ALWAYS, NULL, "    dhcp-boot=tag:xenroll-ipxe,{5},,{1}\n" },
        { ALWAYS, NULL, "\n== " },
        { ALWAYS, N_("ISC dhcpd: lines for dhcpd.conf, outside of all braces"), NULL },
        { ALWAYS, NULL, "\n" },
        { ALWAYS, NULL,
                "    option xenroll-firmware code 93 = unsigned integer 16;\n"
                "    next-server {1};\n"
                "    if exists user-class and option user-class = \"iPXE\" {\n"
                "        filename \"{5}\";\n" },
        { BIOS, NULL,
                "    } elsif option xenroll-firmware = 00:00 {\n"
                "        filename \"{2}\";\n" },
        { UEFI, NULL,
                "    } elsif option xenroll-firmware = 00:07 or option xenroll-firmware = 00:09 {\n"
                "        filename \"{3}\";\n"
                "    } elsif option xenroll-firmware = 00:10 {\n"
                "        option vendor-class-identifier \"HTTPClient\";\n"
                "        filename \"{4}\";\n" },
        { ALWAYS, NULL, "    }\n" },
        { ALWAYS, NULL, "\n== " },
        { ALWAYS, N_("Kea: for \"Dhcp4\" in kea-dhcp4.conf"), NULL },
        { ALWAYS, NULL, "\n" },
        { ALWAYS, NULL,
                "    \"client-classes\": [\n"
                "        { \"name\": \"xenroll-ipxe\", \"test\": \"option[77].hex == 'iPXE'\",\n"
                "          \"next-server\": \"{1}\", \"boot-file-name\": \"{5}\" }" },
        { BIOS, NULL,
                ",\n        { \"name\": \"xenroll-bios\", \"test\": \"option[93].hex == 0x0000 and not "
                "member('xenroll-ipxe')\",\n"
                "          \"next-server\": \"{1}\", \"boot-file-name\": \"{2}\" }" },
        { UEFI, NULL,
                ",\n        { \"name\": \"xenroll-uefi\", \"test\": \"(option[93].hex == 0x0007 or option[93].hex == "
                "0x0009) and not "
                "member('xenroll-ipxe')\",\n"
                "          \"next-server\": \"{1}\", \"boot-file-name\": \"{3}\" },\n"
                "        { \"name\": \"xenroll-http\", \"test\": \"option[93].hex == 0x0010 and not "
                "member('xenroll-ipxe')\",\n"
                "          \"next-server\": \"{1}\", \"boot-file-name\": \"{4}\",\n"
                "          \"option-data\": [ { \"name\": \"vendor-class-identifier\", \"data\": \"HTTPClient\", "
                "\"always-send\": true } ] }" },
        { ALWAYS, NULL, "\n    ]\n" },
        { ALWAYS, NULL, "\n== " },
        { ALWAYS, N_("Windows Server: in PowerShell, as administrator"), NULL },
        { ALWAYS, NULL, "\n" },
        { ALWAYS, NULL,
                "    $scope = \"{6}\"\n"
                "    Add-DhcpServerv4Class -Name \"xenroll iPXE\" -Type User -Data \"iPXE\"\n"
                "    Add-DhcpServerv4Policy -Name \"xenroll iPXE\" -ScopeId $scope -Condition OR -UserClass "
                "EQ,\"xenroll iPXE\" -ProcessingOrder 1\n"
                "    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName \"xenroll iPXE\" -OptionId 67 -Value "
                "'{5}'\n" },
        { BIOS, NULL,
                "    Add-DhcpServerv4Class -Name \"xenroll BIOS\" -Type Vendor -Data \"PXEClient:Arch:00000\"\n"
                "    Add-DhcpServerv4Policy -Name \"xenroll BIOS\" -ScopeId $scope -Condition OR -VendorClass "
                "EQ,\"xenroll BIOS*\"\n"
                "    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName \"xenroll BIOS\" -OptionId 66 -Value "
                "\"{1}\"\n"
                "    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName \"xenroll BIOS\" -OptionId 67 -Value "
                "\"{2}\"\n" },
        { UEFI, NULL,
                "    Add-DhcpServerv4Class -Name \"xenroll UEFI 7\" -Type Vendor -Data \"PXEClient:Arch:00007\"\n"
                "    Add-DhcpServerv4Class -Name \"xenroll UEFI 9\" -Type Vendor -Data \"PXEClient:Arch:00009\"\n"
                "    Add-DhcpServerv4Policy -Name \"xenroll UEFI\" -ScopeId $scope -Condition OR -VendorClass "
                "EQ,\"xenroll UEFI 7*\",EQ,\"xenroll UEFI 9*\"\n"
                "    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName \"xenroll UEFI\" -OptionId 66 -Value "
                "\"{1}\"\n"
                "    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName \"xenroll UEFI\" -OptionId 67 -Value "
                "\"{3}\"\n"
                "    Add-DhcpServerv4OptionDefinition -OptionId 60 -Name \"Vendor class\" -Type String\n"
                "    Add-DhcpServerv4Class -Name \"xenroll HTTP\" -Type Vendor -Data \"HTTPClient:Arch:00016\"\n"
                "    Add-DhcpServerv4Policy -Name \"xenroll HTTP\" -ScopeId $scope -Condition OR -VendorClass "
                "EQ,\"xenroll HTTP*\"\n"
                "    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName \"xenroll HTTP\" -OptionId 60 -Value "
                "\"HTTPClient\"\n"
                "    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName \"xenroll HTTP\" -OptionId 67 -Value "
                "\"{4}\"\n" },
        { ALWAYS, NULL, "\n" },
        { ALWAYS,
                N_("If option 60 is set for all machines (\"PXEClient\"), as WDS does it, delete it: it makes machines "
                   "ask the DHCP server itself for the file."),
                NULL },
};

static void address_text(uint32_t a, char out[16])
{
        snprintf(out, 16, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

void dhcp_print_instructions(const struct dnsmasq_wish *w, struct str *out)
{
        char address[16], network[16];
        AUTO_STR http = STR_MAX(1000), ipxe = STR_MAX(1000);
        unsigned served = (w->bios_loader ? BIOS : 0) | (w->uefi_loader ? UEFI : 0);
        address_text(w->address, address);
        address_text(w->on.address & w->on.mask, network);
        str_addf(&http, "%s%s", w->http_base, w->uefi_loader ? w->uefi_loader : "");
        str_addf(&ipxe, "%s${netX/mac}", w->ipxe_script);
        const char *args[RULE_ARGS] = { address, w->bios_loader, w->uefi_loader, str_text(&http), str_text(&ipxe),
                network };
        for (size_t i = 0; i < COUNT(pieces); i++)
                if ((pieces[i].need & served) == pieces[i].need) {
                        rule_expand(out, pieces[i].spoken ? _(pieces[i].spoken) : pieces[i].typed, args);
                        str_add(out, pieces[i].spoken ? "\n" : "");
                }
}
