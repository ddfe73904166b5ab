#include "rollcall/sheet.h"
#include "base/i18n.h"

#include <qrencode.h>
#include <string.h>

enum { QUIET = 4 /* modules of white around it, as readers want it */ };

static void free_code(QRcode **code) { QRcode_free(*code); }

/* Dark modules side by side are one rectangle: no hairlines between them, whatever prints it. */
static void add_row(const unsigned char *row, int width, int y, struct str *out)
{
        for (int x = 0, n; x < width; x += n) {
                for (n = 1; x + n < width && (row[x + n] & 1) == (row[x] & 1); n++)
                        ;
                if (row[x] & 1)
                        str_addf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
        }
}

bool qr_write(const char *text, struct str *out, struct err *e)
{
        OWN(free_code) QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
        if (!code)
                return err_sys(e, _("drawing a QR code"));
        int side = code->width + 2 * QUIET;
        str_addf(out, "<svg class=\"qr\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\"><path d=\"", side, side);
        for (int y = 0; y < code->width; y++)
                add_row(code->data + y * code->width, code->width, y, out);
        str_add(out, "\"/></svg>");
        return true;
}
