#ifndef INTERRUPT_H
#define INTERRUPT_H

/* INT, TERM, HUP and QUIT, and the end of a child, as something that can be
 * polled. */

/* From here on these signals do not end the program. Returns a descriptor that
 * is readable once one of them came, or -1. Call it once. */
int interrupt_open(void);

/* The signal that came, or 0. */
int interrupt_signal(void);

/* Returns a descriptor that is readable once a child has ended, or -1; who
 * waits for a child reads it empty first. Call it once, before the child is
 * there. */
int interrupt_child(void);

/* Ends the program by that signal, as if it had never been caught. */
void interrupt_die(int signal);

#endif
