package eke.ide;

import com.intellij.credentialStore.CredentialAttributes;
import com.intellij.ide.passwordSafe.PasswordSafe;

/** The API key, in the IDE's password store and nowhere else. Both methods may wait for the system's keychain. */
final class Keys {
	private static final String SERVICE = "IntelliJ Platform eke — API key";

	private Keys() {
	}

	/** null: none. */
	static String get() {
		return PasswordSafe.getInstance().getPassword(new CredentialAttributes(SERVICE, "eke"));
	}

	static void set(String key) {
		PasswordSafe.getInstance().setPassword(new CredentialAttributes(SERVICE, "eke"), key == null || key.isEmpty() ? null : key);
	}
}
