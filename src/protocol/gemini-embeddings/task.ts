/** Google's words for what embeddings are for: https://ai.google.dev/api/rest/v1/TaskType and, for code, https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/embeddings/task-types, read 2026-11-29. */

import type { EmbeddingTask } from '#protocol/embedding.ts'

const words: Readonly<Record<EmbeddingTask, string>> = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  similarity: 'SEMANTIC_SIMILARITY',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
  question: 'QUESTION_ANSWERING',
  fact: 'FACT_VERIFICATION',
  'code-query': 'CODE_RETRIEVAL_QUERY',
}

/** A task in Google's word. */
export const wordOfTask = (task: EmbeddingTask | null): string | null => (task === null ? null : words[task])

/** The task of a word; `null` = not said, or unknown. */
export const taskOfWord = (word: string | null): EmbeddingTask | null =>
  (Object.entries(words).find(([, own]) => own === word)?.[0] as EmbeddingTask | undefined) ?? null
