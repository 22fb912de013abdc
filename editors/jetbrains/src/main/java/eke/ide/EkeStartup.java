package eke.ide;

import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.project.DumbAware;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.startup.StartupActivity;

/** A project is open: its editors are eke's from now on. */
public final class EkeStartup implements StartupActivity, DumbAware {
	@Override
	public void runActivity(Project project) {
		// Newer platforms call this on another thread.
		ApplicationManager.getApplication().invokeLater(() -> {
			if (project.isDisposed())
				return;
			EkeService service = EkeService.of(project);
			service.editors.open();
			EkeWidget.install(project, service);
		});
	}
}
