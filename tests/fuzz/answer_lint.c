/* Any bytes as an answer file, judged for a release that the first byte picks; what is found is printed, too. */
#include "answerfiles/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static FILE *nowhere;
        size_t releases = 0;
        while (release_at(releases))
                releases++;
        if (!size)
                return 0;
        if (!nowhere)
                nowhere = fopen("/dev/null", "w");
        struct diags *d = diags_new();
        answer_lint(release_at(data[0] % releases), "fuzz.xml", bytes_of((const char *)data + 1, size - 1), d);
        diags_print(d, nowhere, false);
        diags_free(d);
        return 0;
}
