/* value.h - one scalar of a site file or a spreadsheet cell: syntax and plausibility, nothing about its neighbours.
 *
 * Each returns true and fills out, or reports one problem to diags at pos and returns false. */
#pragma once
#include "answerfiles/site.h"

bool value_bool(struct diags *, struct pos, const char *text, bool *out);               /* yes/no/true/false/是/否 */
bool value_int(struct diags *, struct pos, const char *text, long min, long max, long *out);
bool value_size(struct diags *, struct pos, const char *text, uint64_t *bytes);         /* "60 GB", "60GiB", "1.5 TB" */
bool value_memory(struct diags *, struct pos, const char *text, uint64_t *bytes);       /* the same, with 1 GB = 1 GiB, as memory is sold */
bool value_duration(struct diags *, struct pos, const char *text, long min, long max, long *seconds);   /* "90 s", "30 min", "4 h" */
bool value_time(struct diags *, struct pos, const char *text, int *hour, int *minute);  /* "02:30"; ":30" has hour -1 */
enum { LONGEST_NAME = 200, LONGEST_DESCRIPTION = 1000 };
bool value_text(struct diags *, struct pos, const char *text, size_t max);              /* one line that people can read */
bool value_mac(struct diags *, struct pos, const char *text, struct mac *out);          /* out->pos also when it is bad: "given, but wrong" */
bool value_ip4(struct diags *, struct pos, const char *text, uint32_t *addr);
bool value_offset(const char *text, uint32_t *n);                                       /* "+11"; silent */
bool value_subnet(struct diags *, struct pos, const char *text, struct subnet *out);    /* "192.168.0.0/24"; out->pos also when bad */
/* "10.10.0.11-10.10.0.12/24" or "10.10.0.11/24" */
bool value_range(struct diags *, struct pos, const char *text, uint32_t *first, uint32_t *last, int *prefix);
bool value_ip6_prefix(struct diags *, struct pos, const char *text);                    /* "2001:db8::11/64" */
bool value_id(struct diags *, struct pos, const char *text);            /* [a-z0-9][a-z0-9-]{0,31}: a folder's name */
bool value_hostname(struct diags *, struct pos, const char *text);      /* one RFC 1123 label, lower case, not digits only */
bool value_server(struct diags *, struct pos, const char *text);        /* IPv4, IPv6 or DNS name: NTP, storage */
bool value_address(struct diags *, struct pos, const char *text);       /* IPv4 or IPv6: a name server */
bool value_iqn(struct diags *, struct pos, const char *text);           /* iqn.YYYY-MM.domain[:x], eui., naa. */
bool value_nfs_path(struct diags *, struct pos, const char *text);      /* absolute, no .., no blanks at the ends */
bool value_nfs_options(struct diags *, struct pos, const char *text);   /* "soft,timeo=100"; not the version */
bool value_lun_name(struct diags *, struct pos, const char *what, const char *text);    /* serial number or SCSI id; what names it */
bool value_url(struct diags *, struct pos, const char *text);           /* http, https, ftp with a host; no user:password */
bool value_hook(const char *text, bool *plain);                         /* http or https with a host; silent: it is a secret */
/* https with a host and maybe a port; http on this machine only. *length: without the slash at the end. */
bool value_roll_call(struct diags *, struct pos, const char *text, size_t *length);
bool value_smtp(struct diags *, struct pos, const char *text);          /* "smtp://server:25", "smtps://server" */
bool value_mail(struct diags *, struct pos, const char *text);          /* "it@example.org" */
bool value_timezone(struct diags *, struct pos, const char *text);      /* exists in tzdata */
bool value_hash(struct diags *, struct pos, const char *text);          /* a crypt(3) form; never shows the text */
bool value_serial(struct diags *, struct pos, const char *text);        /* not empty, not "To be filled by O.E.M." and the like */
bool value_label(struct diags *, struct pos, const char *text);         /* ISO volume label: 1-32 of A-Z a-z 0-9 _ - . and blank */

/* "4 h", "90 s": in the largest unit that fits. */
enum { DURATION_TEXT = 24 };
const char *duration_text(long seconds, char buf[DURATION_TEXT]);
