package eke.core;

/**
 * The one thread on which the core's objects are used: the event dispatch thread in an IDE. Nothing waits on it; processes, streams
 * and JSON have threads of their own.
 */
public interface Loop {
	/** Runs it on the thread, soon, in the order of the calls. From any thread. */
	void run(Runnable task);

	/** Runs it on the thread after a pause. */
	void later(int milliseconds, Runnable task);

	/** Runs it on a thread that may wait. */
	void background(Runnable task);
}
