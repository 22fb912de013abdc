package eke.ide;

import com.intellij.openapi.actionSystem.ActionPromoter;
import com.intellij.openapi.actionSystem.AnAction;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.actionSystem.DataContext;

import eke.core.Ghost;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** While a completion is shown, the keys that take it come first; an action that is not enabled is passed over all the same. */
public final class EkePromoter implements ActionPromoter {
	@Override
	public List<AnAction> promote(List<AnAction> actions, DataContext context) {
		if (actions.stream().noneMatch(action -> action instanceof GhostAction))
			return Collections.emptyList();
		Ghost ghost = GhostAction.ghost(CommonDataKeys.PROJECT.getData(context), CommonDataKeys.EDITOR.getData(context));
		if (ghost == null || !ghost.isVisible())
			return Collections.emptyList();
		List<AnAction> promoted = new ArrayList<>(actions);
		promoted.removeIf(action -> !(action instanceof GhostAction));
		return promoted;
	}
}
