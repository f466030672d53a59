/** The wire formats that Drover speaks. */

import { anthropicMessages } from './anthropic-messages/index.ts'
import { bedrockConverse } from './bedrock-converse/index.ts'
import { bedrockEmbed } from './bedrock-embed/index.ts'
import { cohereChat } from './cohere-chat/index.ts'
import { cohereEmbed } from './cohere-embed/index.ts'
import { gemini } from './gemini/index.ts'
import { geminiEmbeddings } from './gemini-embeddings/index.ts'
import { ollamaChat } from './ollama-chat/index.ts'
import { ollamaEmbed } from './ollama-embed/index.ts'
import { openaiCompletions } from './openai/completions.ts'
import { openaiEmbeddings } from './openai/embeddings.ts'
import { openaiImages } from './openai/images.ts'
import { openaiModerations } from './openai/moderations.ts'
import { openaiRerank } from './openai/rerank.ts'
import { openaiSpeech } from './openai/speech.ts'
import { openaiTranscriptions } from './openai/transcriptions.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'
import type { Protocol, ProtocolName, UpstreamProtocol, UpstreamProtocolName } from './protocol.ts'
import { vertexPredict } from './vertex-predict/index.ts'

/** Every protocol that callers may speak, by its name. */
export const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  'openai-completions': openaiCompletions,
  'openai-embeddings': openaiEmbeddings,
  'gemini-embeddings': geminiEmbeddings,
  'openai-moderations': openaiModerations,
  'openai-images': openaiImages,
  'openai-speech': openaiSpeech,
  'openai-transcriptions': openaiTranscriptions,
  'openai-rerank': openaiRerank,
}

/** Every protocol that upstreams may speak: those of callers, and those that only providers have. */
export const upstreamProtocols: Readonly<Record<UpstreamProtocolName, UpstreamProtocol>> = {
  ...protocols,
  'ollama-chat': ollamaChat,
  'bedrock-converse': bedrockConverse,
  'cohere-chat': cohereChat,
  'cohere-embed': cohereEmbed,
  'ollama-embed': ollamaEmbed,
  'bedrock-embed': bedrockEmbed,
  'vertex-predict': vertexPredict,
}
