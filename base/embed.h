/* embed.h - a file of the source tree as bytes inside the program: EMBED(selector_sh, "answerfiles/selector.sh");
 * gives `extern const char selector_sh[], selector_sh_end[]`. The Makefile makes every object depend on such files. */
#pragma once

#define EMBED(symbol, path)                                                                                            \
        __asm__(".pushsection .rodata\n.global " #symbol "\n.balign 16\n" #symbol ":\n.incbin \"" path "\"\n.global "   \
                #symbol "_end\n" #symbol "_end:\n.byte 0\n.popsection\n");                                              \
        extern const char symbol[], symbol##_end[]
