/** A thread that keeps a core of the machine busy until it is ended. */
for (;;) Math.sqrt(performance.now());
