package eke.ide;

import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.ModalityState;
import com.intellij.util.concurrency.AppExecutorUtil;

import eke.core.Loop;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The event dispatch thread, also while a dialogue is open; nothing is run any more when the project is closed. */
final class IdeLoop implements Loop {
	private final BooleanSupplier over;

	IdeLoop(BooleanSupplier over) {
		this.over = over;
	}

	@Override
	public void run(Runnable task) {
		ApplicationManager.getApplication().invokeLater(() -> {
			if (!over.getAsBoolean())
				task.run();
		}, ModalityState.any());
	}

	@Override
	public void later(int milliseconds, Runnable task) {
		AppExecutorUtil.getAppScheduledExecutorService().schedule(() -> run(task), milliseconds, TimeUnit.MILLISECONDS);
	}

	@Override
	public void background(Runnable task) {
		ApplicationManager.getApplication().executeOnPooledThread(task);
	}
}
