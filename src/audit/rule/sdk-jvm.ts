/** SDKs of Java and Kotlin. */

import { chat, openaiPaths } from './call-path.ts'
import type { SdkRule } from './sdk-rule.ts'

const jvm = ['java', 'kotlin'] as const

export const jvmSdks: readonly SdkRule[] = [
  {
    sdk: 'openai',
    provider: 'openai',
    languages: jvm,
    from: /^com\.openai(?:\.|$)/,
    clients: /^(?:(?:Bedrock)?OpenAI(?:OkHttp)?Client(?:Async)?|OpenAIOkHttpClientAsync)$/,
    calls: openaiPaths.filter(([, endpoint]) => endpoint !== 'messages'),
    telling: /(?:^|\.)chat\.completions\.create(?:streaming)?$|(?:^|\.)responses\.create(?:streaming)?$/,
    keyVariable: 'OPENAI_API_KEY',
  },
  {
    sdk: 'anthropic',
    provider: 'anthropic',
    languages: jvm,
    from: /^com\.anthropic(?:\.|$)/,
    clients: /^Anthropic(?:OkHttp)?Client(?:Async)?$/,
    calls: [
      [/(?:^|\.)messages\.(?:create|createstreaming|counttokens)$/, 'messages'],
      [/(?:^|\.)messages\.batches\.create$/, 'batches'],
    ],
    telling: /(?:^|\.)messages\.createstreaming$/,
    keyVariable: 'ANTHROPIC_API_KEY',
  },
  {
    sdk: 'openai-java',
    provider: 'openai',
    languages: jvm,
    from: /^com\.theokanning\.openai|^io\.github\.sashirestela\.openai|^com\.lilittlecat|^com\.unfbx\.chatgpt/,
    clients: /^(?:OpenAiService|SimpleOpenAI|OpenAiClient|OpenAiStreamClient)$/,
    calls: [
      [/^(?:createchatcompletion|streamchatcompletion|chatcompletion)$|^chatcompletions\.create(?:stream)?$/, 'chat'],
      [/^(?:createcompletion|streamcompletion|completions)$/, 'completions'],
      [/^(?:createembeddings|embeddings)(?:\.create)?$/, 'embeddings'],
      [/^createimage$/, 'images'],
      [/^create(?:transcription|translation|speech)$/, 'audio'],
    ],
    keyVariable: null,
  },
  {
    sdk: 'openai-kotlin',
    provider: 'openai',
    languages: ['kotlin'],
    from: /^com\.aallam\.openai(?:\.|$)/,
    clients: /^OpenAI$/,
    calls: [
      [/^chatcompletions?$/, 'chat'],
      [/^completions?$/, 'completions'],
      [/^embeddings$/, 'embeddings'],
      [/^image(?:url|json|edit|variation)?$/, 'images'],
      [/^(?:transcription|translation|speech)$/, 'audio'],
      [/^moderations$/, 'moderations'],
    ],
    telling: /(?:^|\.)chatcompletions?$/,
    keyVariable: null,
  },
  {
    sdk: 'azure-openai',
    provider: 'azure',
    languages: jvm,
    from: /^com\.azure\.ai\.(?:openai|inference)(?:\.|$)/,
    clients: /^(?:OpenAI(?:Async)?Client(?:Builder)?|ChatCompletions(?:Async)?Client(?:Builder)?)$/,
    calls: [
      [/(?:^|\.)(?:getchatcompletions|getchatcompletionsstream|complete|completestream)$/, 'chat'],
      [/(?:^|\.)getcompletions(?:stream)?$/, 'completions'],
      [/(?:^|\.)getembeddings$/, 'embeddings'],
      [/(?:^|\.)getimagegenerations$/, 'images'],
    ],
    keyVariable: null,
  },
  {
    sdk: 'google-genai',
    provider: 'google',
    languages: jvm,
    from: /^com\.google\.genai(?:\.|$)/,
    clients: /^Client$/,
    calls: [
      [/(?:^|\.)models\.generatecontent(?:stream)?$/, 'chat'],
      [/(?:^|\.)models\.embedcontent$/, 'embeddings'],
      [/(?:^|\.)models\.generateimages$/, 'images'],
    ],
    telling: /(?:^|\.)models\.generatecontent(?:stream)?$/,
    keyVariable: 'GEMINI_API_KEY',
  },
  {
    sdk: 'vertexai',
    provider: 'google',
    languages: jvm,
    from: /^com\.google\.cloud\.vertexai(?:\.|$)|^com\.google\.ai\.client\.generativeai|^com\.google\.firebase/,
    clients: /^GenerativeModel$/,
    calls: chat(/(?:^|\.)(?:generatecontent(?:stream)?|sendmessage(?:stream)?)$/),
    keyVariable: null,
  },
  {
    sdk: 'bedrock',
    provider: 'bedrock',
    languages: ['java', 'kotlin'],
    from: /^(?:software\.amazon\.awssdk\.services|aws\.sdk\.kotlin\.services)\.bedrock/,
    clients: /^BedrockRuntime(?:Async)?Client$/,
    calls: chat(/(?:^|\.)(?:invokemodel|invokemodelwithresponsestream|converse|conversestream)$/),
    keyVariable: null,
  },
  {
    sdk: 'spring-ai',
    provider: null,
    languages: jvm,
    from: /^org\.springframework\.ai(?:\.|$)/,
    clients:
      /^(?:ChatClient|ChatModel|StreamingChatModel|EmbeddingModel|ImageModel|(?:OpenAi|AzureOpenAi|Anthropic|MistralAi|VertexAiGemini|GoogleGenAi|BedrockProxy|Bedrock|Ollama|DeepSeek|ZhiPuAi|Moonshot)(?:Chat|Embedding|Image|AudioSpeech|AudioTranscription)?(?:Model|Client)|OpenAiApi|AnthropicApi)$/,
    calls: [
      [/(?:^|\.)prompt(?:\.\w+)*\.(?:call|stream)$/, 'chat'],
      [/^(?:call|stream|generate)$/, 'chat'],
      [/^embed(?:forresponse)?$/, 'embeddings'],
    ],
    telling: /(?:^|\.)prompt(?:\.\w+)*\.(?:call|stream)$/,
    keyVariable: null,
  },
  {
    sdk: 'langchain4j',
    provider: null,
    languages: jvm,
    from: /^dev\.langchain4j(?:\.|$)/,
    clients:
      /^(?:(?:OpenAi|AzureOpenAi|Anthropic|MistralAi|GoogleAiGemini|VertexAiGemini|VertexAi|Bedrock|Ollama|Cohere|GitHubModels|Watsonx|HuggingFace|LocalAi|WorkersAi|Qwen|ZhipuAi|VoyageAi|Jina|Nomic)(?:Official)?(?:Batch|Streaming)?(?:Chat|Embedding|Language|Image|Moderation|AudioTranscription|Scoring)(?:Language)?Model|BedrockChatModel|ChatModel|StreamingChatModel|ChatLanguageModel|StreamingChatLanguageModel|EmbeddingModel|ModerationModel|ImageModel|AudioTranscriptionModel|ScoringModel)$/,
    calls: [
      [/^moderate$/, 'moderations'],
      [/^transcribe(?:totext)?$/, 'audio'],
      [/^(?:score|scoreall)$/, 'rerank'],
      [/^(?:generate|chat|dochat)$/, 'chat'],
      [/^(?:embed|embedall)$/, 'embeddings'],
    ],
    keyVariable: null,
  },
]
