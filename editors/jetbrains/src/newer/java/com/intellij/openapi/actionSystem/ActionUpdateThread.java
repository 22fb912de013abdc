package com.intellij.openapi.actionSystem;

/**
 * Platforms since 2022.3 have this, and ask every action for it. To compile against build 183, which has it not; it is not packed, and
 * Gradle, which compiles against a newer platform, leaves it out.
 */
public enum ActionUpdateThread {
	BGT, EDT
}
