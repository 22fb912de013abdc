package eke.ide;

import com.intellij.openapi.editor.RangeMarker;
import com.intellij.openapi.progress.ProgressIndicator;
import com.intellij.openapi.progress.Task;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits for a proposed edit with a progress bar that can be cancelled, then shows the diff. */
final class EditTask extends Task.Backgroundable {
	private static final int POLL_MS = 100;

	private final CountDownLatch answered = new CountDownLatch(1);
	private Runnable cancel;

	private EditTask(EkeService service) {
		super(service.project(), "eke: editing", true);
	}

	static void run(EkeService service, IdeText text, int start, int end, String instruction) {
		EditTask task = new EditTask(service);
		RangeMarker range = text.document.createRangeMarker(start, end);
		long stamp = text.document.getModificationStamp();
		task.cancel = service.session.propose(text, start, end, instruction, (replacement, edits, error) -> {
			task.answered.countDown();
			if (task.isCancelled)
				return;
			if (error != null)
				service.warn(error);
			else if (text.document.getModificationStamp() != stamp || !range.isValid())
				service.warn("The text has changed since: the edit was left out.");
			else if (edits.isEmpty())
				service.inform("eke would leave this as it is.");
			else
				service.whenWritable(() -> Review.show(service.project(), text.document, range.getStartOffset(), range.getEndOffset(),
					replacement, "eke: " + instruction));
		});
		task.queue();
	}

	private volatile boolean isCancelled;

	@Override
	public void run(ProgressIndicator indicator) {
		indicator.setIndeterminate(true);
		try {
			while (!answered.await(POLL_MS, TimeUnit.MILLISECONDS))
				indicator.checkCanceled();
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public void onCancel() {
		isCancelled = true;
		cancel.run();
	}
}
