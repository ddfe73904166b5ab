/* notice_body.h - occasions as text for a chat, a mail or a program. What hosts are called and say is text in all of
 * them, whatever it looks like. Times are shown in the process's time zone, sentences in its language. */
#pragma once
#include "rollcall/expected.h"
#include "rollcall/occasion.h"

enum { LONGEST_NOTICE = 256 << 10 };

/* How many of the occasions one message of that form can hold: 1 at least. */
size_t notice_fits(enum notice_form, const struct occasion *, size_t n, const char *status_url);
/* The body of a hook: NOTICE_JSON holds the first occasion only. */
void notice_body(enum notice_form, const struct occasion *, size_t n, const char *status_url, struct str *out);
/* Of a mail. */
void notice_subject(const struct occasion *, size_t n, struct str *out);
void notice_text(const struct occasion *, size_t n, const char *status_url, struct str *out);

/* A WeCom or DingTalk answer. Both refuse with status 200 and a number that is not 0. False: not an answer of theirs,
 * or refused; why says it, masked where it could be a token. */
bool notice_was_taken(struct bytes answer, char *why, size_t size);

/* Foreign text as one line of plain text, and as one that means nothing to markdown. */
void notice_add_plain(struct str *out, const char *text);
void notice_add_markdown(struct str *out, const char *text);
