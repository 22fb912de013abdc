package eke.inline

import com.intellij.codeInsight.inline.completion.DefaultInlineCompletionInsertHandler
import com.intellij.codeInsight.inline.completion.InlineCompletionEvent
import com.intellij.codeInsight.inline.completion.InlineCompletionInsertEnvironment
import com.intellij.codeInsight.inline.completion.InlineCompletionInsertHandler
import com.intellij.codeInsight.inline.completion.InlineCompletionProvider
import com.intellij.codeInsight.inline.completion.InlineCompletionProviderID
import com.intellij.codeInsight.inline.completion.InlineCompletionRequest
import com.intellij.codeInsight.inline.completion.elements.InlineCompletionElement
import com.intellij.codeInsight.inline.completion.elements.InlineCompletionGrayTextElement
import com.intellij.codeInsight.inline.completion.suggestion.InlineCompletionSingleSuggestion
import com.intellij.codeInsight.inline.completion.suggestion.InlineCompletionSuggestion
import eke.ide.InlineSuggestion
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlin.coroutines.resume

/** eke in the platform's own inline completion (2024.1 and later), where the settings say so: drawing, Tab and parts are the IDE's. */
class EkeInlineCompletionProvider : InlineCompletionProvider {
	override val id = InlineCompletionProviderID("eke")

	@Volatile
	private var shown: InlineSuggestion? = null

	/* Not for what moves in the list of completions and the like: a request is the scarce thing. */
	override fun isEnabled(event: InlineCompletionEvent): Boolean = InlineSuggestion.isEnabled() &&
		(event is InlineCompletionEvent.DocumentChange || event is InlineCompletionEvent.DirectCall)

	override suspend fun getSuggestion(request: InlineCompletionRequest): InlineCompletionSuggestion {
		val manual = request.event is InlineCompletionEvent.DirectCall
		val found = suspendCancellableCoroutine<InlineSuggestion?> { waiting ->
			val cancel = InlineSuggestion.ask(request.editor, request.endOffset, manual) { waiting.resume(it) }
			waiting.invokeOnCancellation { cancel.run() }
		}
		shown = found
		return InlineCompletionSingleSuggestion.build {
			if (found != null) {
				emit(InlineCompletionGrayTextElement(found.text))
				found.shown()
			}
		}
	}

	override val insertHandler = object : InlineCompletionInsertHandler {
		override fun afterInsertion(environment: InlineCompletionInsertEnvironment, elements: List<InlineCompletionElement>) {
			DefaultInlineCompletionInsertHandler.INSTANCE.afterInsertion(environment, elements)
			shown?.accepted()
		}
	}
}
