// The plugin for releases: gradle buildPlugin, verifyPlugin, runIde. It has what `make jetbrains` has, compiled against a current
// platform, and the source set for the platform's own inline completion, which make leaves out.
import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
	java
	kotlin("jvm") version "2.1.20"
	id("org.jetbrains.intellij.platform") version "2.5.0"
}

group = "eke"
// Said once, in the repository's Makefile.
version = file("../../Makefile").useLines { lines ->
	lines.first { it.startsWith("VERSION = ") }.removePrefix("VERSION = ").trim()
}

repositories {
	mavenCentral()
	intellijPlatform { defaultRepositories() }
}

dependencies {
	intellijPlatform { intellijIdeaCommunity("2024.1.7") }
}

sourceSets {
	main { resources.srcDir("src/inline/resources") }
	// Those of the repository's own tests need what make builds.
	test { java.setSrcDirs(emptyList<String>()) }
}

java {
	sourceCompatibility = JavaVersion.VERSION_1_8
	targetCompatibility = JavaVersion.VERSION_1_8
}

kotlin {
	sourceSets.named("main") { kotlin.srcDir("src/inline/kotlin") }
	// Of the inline source set alone, which only runs in 2024.1 and later; the rest is Java 8.
	compilerOptions { jvmTarget = JvmTarget.JVM_17 }
}

tasks.processResources {
	filesMatching("META-INF/plugin.xml") {
		filter { line ->
			line.replace(
				"<!-- Gradle puts the platform's own inline completion here. -->",
				"<depends optional=\"true\" config-file=\"eke-inline.xml\">com.intellij.modules.platform</depends>",
			)
		}
	}
}

intellijPlatform {
	buildSearchableOptions = false
	pluginConfiguration {
		version = project.version.toString()
		ideaVersion {
			sinceBuild = "183"
			untilBuild = provider { null }
		}
	}
	pluginVerification { ides { recommended() } }
}
