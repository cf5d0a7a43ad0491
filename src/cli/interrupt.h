#ifndef INTERRUPT_H
#define INTERRUPT_H

/* INT, TERM and HUP as something that can be polled. */

/* From here on these signals do not end the program. Returns a descriptor that
 * is readable once one of them came, or -1. Call it once. */
int interrupt_open(void);

/* The signal that came, or 0. */
int interrupt_signal(void);

/* Ends the program by that signal, as if it had never been caught. */
void interrupt_die(int signal);

#endif
