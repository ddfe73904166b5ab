/* Answers from the network: none may crash the reader or make a value that breaks rpc.h's promises; and what is written
 * is read as the same again. */
#include "base/text.h"
#include "postinstall/rpc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void judge(const struct rpc_value *v, int depth)
{
        if (depth > RPC_DEEPEST || !v->text || !text_is_utf8(v->text, strlen(v->text)))
                abort();
        bool holds = v->kind == RPC_ARRAY || v->kind == RPC_STRUCT;
        if (!holds && (v->n || v->items))
                abort();
        for (size_t i = 0; i < v->n; i++) {
                if ((v->kind == RPC_STRUCT) != (v->items[i].key != NULL))
                        abort();
                if (v->kind == RPC_STRUCT && rpc_member(v, v->items[i].key)->kind > RPC_STRUCT)
                        abort();
                judge(&v->items[i], depth + holds);
        }
}

static void judge_writing(const char *text)
{
        static const char before[] = "<methodResponse><params><param><value><struct><member><name>Status</name>"
                                     "<value>Success</value></member><member><name>Value</name>";
        static const char after[] = "</member></struct></value></param></params></methodResponse>";
        AUTO_STR call = STR_MAX(8 << 20), answer = STR_MAX(8 << 20), again = STR_MAX(8 << 20);
        rpc_call_write(&call, "a.b", (struct rpc_arg[]){ RPC_S(text) }, 1);
        char *begin = strstr(str_text(&call), "<param>") + 7, *end = strstr(str_text(&call), "</param>");
        str_add(&answer, before);
        str_addn(&answer, begin, (size_t)(end - begin));
        str_add(&answer, after);
        struct rpc_answer a = { 0 };
        struct err e = ERR_INIT;
        if (call.failed || !rpc_answer_read(str_bytes(&answer), &a, &e))
                abort();
        /* Once cleaned, a text stays as it is. */
        rpc_call_write(&again, "a.b", (struct rpc_arg[]){ RPC_S(a.value.text) }, 1);
        if (strcmp(str_text(&call), str_text(&again)) != 0)
                abort();
        rpc_answer_clear(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        struct rpc_answer a = { 0 };
        struct err e = ERR_INIT;
        if (rpc_answer_read(bytes_of((const char *)data, n), &a, &e)) {
                judge(&a.value, 1);
                (void)rpc_has_text(&a.value, "a");
        } else if (!e.code || e.kind != ERR_WORLD || a.arena || !*e.text)
                abort();
        rpc_answer_clear(&a);
        AUTO_FREE char *text = strndup((const char *)data, n);
        judge_writing(text);
        return 0;
}
