// A shared object in which every flag of the Makefile leaves its mark. The names
// are those that its target hardened checks.
#include <stdarg.h>
#include <stdio.h>

void note(unsigned long *);

// Has no array: only the strong stack protector guards it.
void o365_ticker_ack(void)
{
	unsigned long n = 0;
	note(&n);
}

void report(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

#ifdef WRITABLE_CODE
__asm__(".pushsection .both, \"awx\"\n.quad 1\n.popsection");
#endif

// An address that the loader has to write into the code.
#ifdef PATCHED_CODE
__asm__(".pushsection .text\n.quad puts\n.popsection");
#endif
