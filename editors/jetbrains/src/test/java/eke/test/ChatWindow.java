package eke.test;

import com.google.gson.JsonObject;

import eke.chat.ChatPane;
import eke.chat.Workplace;
import eke.core.Chat;
import eke.core.Documents;
import eke.core.Json;

import java.awt.Color;
import java.awt.Component;
import java.awt.Container;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Robot;
import java.awt.Window;
import java.awt.event.KeyEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import javax.swing.AbstractButton;
import javax.swing.JComboBox;
import javax.swing.JDialog;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import javax.swing.SwingUtilities;
import javax.swing.Timer;
import javax.swing.UIManager;
import javax.swing.text.JTextComponent;

/** The chat pane in a window of its own, for tests on a real display: a robot presses keys and buttons. */
public final class ChatWindow extends PlainEditor implements Workplace {
	private JFrame frame;
	private ChatPane pane;
	private String reviewed;
	private String inserted;

	public static void main(String[] arguments) throws Exception {
		if (arguments.length > 0 && arguments[0].equals("dark"))
			dark();
		Remote.serve(new ChatWindow());
	}

	private static void dark() {
		UIManager.put("Panel.background", new Color(0x3c3f41));
		UIManager.put("Label.foreground", new Color(0xbbbbbb));
		for (String key : Arrays.asList("TextArea", "TextField", "List", "ComboBox", "ScrollPane", "Viewport", "PopupMenu", "MenuItem")) {
			UIManager.put(key + ".background", new Color(0x45494a));
			UIManager.put(key + ".foreground", new Color(0xbbbbbb));
		}
		UIManager.put("TextArea.caretForeground", Color.WHITE);
	}

	@Override
	public Object call(String method, JsonObject params) throws Exception {
		if (method.equals("key")) {
			key(Json.string(params, "key", ""));
			return null;
		}
		FutureTask<Object> task = new FutureTask<>(() -> handle(method, params));
		SwingUtilities.invokeLater(task);
		return task.get();
	}

	@Override
	Object handle(String method, JsonObject params) throws Exception {
		switch (method) {
		case "start":
			super.handle(method, params);
			session.server.start();
			pane = new ChatPane(session.chat, this, id -> { });
			frame = new JFrame("eke");
			frame.setDefaultCloseOperation(JFrame.DISPOSE_ON_CLOSE);
			frame.add(pane);
			frame.setPreferredSize(new Dimension(Json.number(Json.sub(params, "options"), "width", 460), 760));
			frame.pack();
			frame.setVisible(true);
			pane.focus();
			return null;
		case "write":
			pane.draft(Json.string(params, "text", ""));
			return null;
		case "attach":
			pane.attach(file());
			return null;
		case "click":
			if (Json.is(params, "later")) { // what it opens waits for an answer
				SwingUtilities.invokeLater(() -> click(frame, Json.string(params, "text", "")));
				return null;
			}
			return click(frame, Json.string(params, "text", ""));
		case "models":
			JComboBox<?> models = find(frame, JComboBox.class);
			models.setPopupVisible(true);
			List<String> offered = new ArrayList<>();
			for (int i = 0; i < models.getItemCount(); i++)
				offered.add(models.getItemAt(i).toString());
			return offered;
		case "model":
			find(frame, JComboBox.class).setSelectedItem(Json.string(params, "text", ""));
			find(frame, JComboBox.class).setPopupVisible(false);
			return null;
		case "dialogue":
			for (Window other : Window.getWindows())
				if (other instanceof JDialog && other.isShowing() && other.isFocused())
					return ((JDialog)other).getTitle();
			return null;
		case "theme":
			dark();
			SwingUtilities.updateComponentTreeUI(frame);
			return null;
		case "contrast":
			List<Integer> differences = new ArrayList<>();
			contrast(pane, pane.getBackground(), differences);
			return Collections.min(differences);
		case "search":
			find(frame, JTextField.class).setText(Json.string(params, "text", ""));
			return null;
		case "list":
			return listed(find(frame, JList.class));
		case "shown":
			return pane.shownTexts();
		case "answering":
			return session.chat.isAnswering();
		case "state":
			return Json.object("reviewed", reviewed, "inserted", inserted, "draft", pane.draft(),
				"focus", frame.getFocusOwner() instanceof JTextArea);
		case "picture":
			BufferedImage image = new BufferedImage(frame.getWidth(), frame.getHeight(), BufferedImage.TYPE_INT_RGB);
			if (Json.is(params, "screen"))
				image = new Robot().createScreenCapture(frame.getBounds());
			else
				frame.paint(image.getGraphics());
			ImageIO.write(image, "png", new File(Json.string(params, "path", "chat.png")));
			return null;
		case "stop":
			super.handle(method, params);
			if (frame != null)
				frame.dispose();
			return null;
		default:
			return super.handle(method, params);
		}
	}

	/* As the window system sends it. */
	private void key(String name) throws Exception {
		Robot robot = new Robot();
		robot.setAutoWaitForIdle(true);
		for (String stroke : name.split(" "))
			if (stroke.length() == 1)
				stroke(robot, KeyEvent.getExtendedKeyCodeForChar(stroke.charAt(0)));
			else
				stroke(robot, KeyEvent.class.getField("VK_" + stroke).getInt(null));
	}

	private static void stroke(Robot robot, int code) {
		robot.keyPress(code);
		robot.keyRelease(code);
	}

	private static boolean click(Container container, String text) {
		for (Component component : container.getComponents()) {
			if (component instanceof AbstractButton && component.isShowing() && ((AbstractButton)component).getText().equals(text)) {
				((AbstractButton)component).doClick();
				return true;
			}
			if (component instanceof Container && click((Container)component, text))
				return true;
		}
		return false;
	}

	/* How far text is from what it stands on, of 255. */
	private static void contrast(Container container, Color behind, List<Integer> differences) {
		for (Component component : container.getComponents()) {
			Color back = component.isOpaque() ? component.getBackground() : behind;
			if (component instanceof JTextComponent || component instanceof JLabel)
				differences.add(Math.abs(component.getForeground().getGreen() - back.getGreen()));
			if (component instanceof Container)
				contrast((Container)component, back, differences);
		}
	}

	private static <T extends Component> T find(Container container, Class<T> type) {
		for (Component component : container.getComponents()) {
			if (type.isInstance(component) && component.isShowing())
				return type.cast(component);
			T found = component instanceof Container ? find((Container)component, type) : null;
			if (found != null)
				return found;
		}
		return null;
	}

	private static List<String> listed(JList<?> list) {
		List<String> rows = new ArrayList<>();
		for (int i = 0; list != null && i < list.getModel().getSize(); i++)
			rows.add(list.getModel().getElementAt(i).toString());
		return rows;
	}

	// --- the loop: the event dispatch thread ---

	@Override
	public void run(Runnable task) {
		SwingUtilities.invokeLater(() -> guarded(task));
	}

	@Override
	public void later(int milliseconds, Runnable task) {
		Timer timer = new Timer(milliseconds, event -> guarded(task));
		timer.setRepeats(false);
		timer.start();
	}

	// --- the workplace ---

	@Override
	public Chat.Attachment selection() {
		return null;
	}

	@Override
	public Chat.Attachment file() {
		return current == null ? null : new Chat.Attachment(Json.object("kind", "file", "uri", Documents.id(current).get("uri")),
			current.path.getFileName().toString(), new int[]{0, current.chars().length()});
	}

	@Override
	public void choose(Consumer<List<Chat.Attachment>> chosen) {
		chosen.accept(Collections.singletonList(file()));
	}

	@Override
	public void files(String beginning, Consumer<List<String>> found) {
		List<String> names = new ArrayList<>();
		for (String name : Arrays.asList("src/main.c", "src/ring.c", "a file.c"))
			if (name.contains(beginning))
				names.add(name);
		found.accept(names);
	}

	@Override
	public boolean insert(String code) {
		inserted = code;
		return true;
	}

	@Override
	public boolean canReplace(Object origin) {
		return origin != null;
	}

	@Override
	public void review(Object origin, String code) {
		reviewed = code;
	}

	@Override
	public void browse(String address) {
	}

	@Override
	public void save(String name, String text) {
		inserted = name + "\n" + text;
	}

	@Override
	public Font codeFont() {
		return new Font(Font.MONOSPACED, Font.PLAIN, 12);
	}
}
