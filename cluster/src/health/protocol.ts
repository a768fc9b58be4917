/** What nodes of one cluster must have in common to understand each other. */

/** Of what nodes say to each other and write to the health log. Another one does not understand it: it does not join. */
export const PROTOCOL = 1;
/** Of this software; members of different versions live together while they speak one protocol. */
export const VERSION = '0.1.0';
