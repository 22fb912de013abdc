package eke.ide;

import com.intellij.openapi.actionSystem.ActionUpdateThread;
import com.intellij.openapi.project.DumbAwareAction;

/** An action of eke's: also while the IDE indexes, and updated on the event dispatch thread, where all of its state is. */
public abstract class EkeAction extends DumbAwareAction {
	EkeAction() {
	}

	EkeAction(String text) {
		super(text);
	}

	/** Newer platforms want it said, and show an error where it is not; build 183 never calls it and lacks the class. */
	public ActionUpdateThread getActionUpdateThread() {
		return ActionUpdateThread.EDT;
	}
}
