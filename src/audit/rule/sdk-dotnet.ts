/** SDKs of C#. */

import { chat } from './call-path.ts'
import type { SdkRule } from './sdk-rule.ts'

/** A client handed over as Microsoft.Extensions.AI's own: `AsIChatClient()`. */
const handedOver = /(?:^|\.)asi?chatclient(?:\.\w+)*\.get(?:streaming)?response(?:async)?$/

export const sharpSdks: readonly SdkRule[] = [
  {
    sdk: 'azure-openai',
    provider: 'azure',
    languages: ['csharp'],
    from: /^Azure\.AI\.(?:OpenAI|Inference)(?:\.|$)/,
    clients: /^(?:AzureOpenAIClient|ChatCompletionsClient|OpenAIClient)$/,
    calls: [
      [
        /(?:^|\.)(?:completechat(?:streaming)?|complete(?:streaming)?|getchatcompletions(?:streaming)?)(?:async)?$/,
        'chat',
      ],
      [handedOver, 'chat'],
      [/(?:^|\.)(?:generateembeddings?|getembeddings)(?:async)?$/, 'embeddings'],
      [/(?:^|\.)getcompletions(?:async)?$/, 'completions'],
      [/(?:^|\.)generateimages?\w*$/, 'images'],
    ],
    keyVariable: null,
  },
  {
    sdk: 'openai',
    provider: 'openai',
    languages: ['csharp'],
    from: /^OpenAI(?:\.|$)/,
    clients:
      /^(?:OpenAIClient|ChatClient|EmbeddingClient|ImageClient|AudioClient|ModerationClient|OpenAIResponseClient|ResponsesClient|AssistantClient|OpenAIFileClient|OpenAIAPI|OpenAIService)$/,
    calls: [
      [/(?:^|\.)completechat(?:streaming)?(?:async)?$/, 'chat'],
      [
        /(?:^|\.)(?:chatendpoint\.getcompletion|chatcompletion\.createcompletion(?:asstream)?|chat\.createchatcompletion)(?:async)?$/,
        'chat',
      ],
      [handedOver, 'chat'],
      [/(?:^|\.)createresponse(?:streaming)?(?:async)?$/, 'responses'],
      [/(?:^|\.)generateembeddings?(?:async)?$/, 'embeddings'],
      [/(?:^|\.)generateimages?\w*$/, 'images'],
      [/(?:^|\.)(?:transcribeaudio|translateaudio|generatespeech)\w*$/, 'audio'],
      [/(?:^|\.)classifytext(?:async)?$/, 'moderations'],
      [/(?:^|\.)uploadfile(?:async)?$/, 'files'],
      [/(?:^|\.)create(?:assistant|thread|run|threadandrun)(?:streaming)?(?:async)?$/, 'assistants'],
    ],
    telling: /(?:^|\.)completechat(?:streaming)?(?:async)?$/,
    keyVariable: null,
  },
  {
    sdk: 'anthropic',
    provider: 'anthropic',
    languages: ['csharp'],
    from: /^Anthropic(?:\.|$)/,
    clients: /^AnthropicClient$/,
    calls: [[/(?:^|\.)messages\.(?:create(?:streaming)?|getclaudemessage|streamclaudemessage)(?:async)?$/, 'messages']],
    keyVariable: 'ANTHROPIC_API_KEY',
  },
  {
    sdk: 'bedrock',
    provider: 'bedrock',
    languages: ['csharp'],
    from: /^Amazon\.BedrockRuntime(?:\.|$)/,
    clients: /^(?:AmazonBedrockRuntimeClient|IAmazonBedrockRuntime)$/,
    calls: chat(/^(?:invokemodel|invokemodelwithresponsestream|converse|conversestream)(?:async)?$/),
    keyVariable: null,
  },
  {
    sdk: 'google-genai',
    provider: 'google',
    languages: ['csharp'],
    from: /^(?:Google\.GenAI|Mscc\.GenerativeAI|Google\.Cloud\.AIPlatform)(?:\.|$)/,
    clients: /^(?:Client|GoogleAI|PredictionServiceClient|GenerativeModel)$/,
    calls: chat(/(?:^|\.)(?:generatecontent(?:stream)?|streamgeneratecontent)(?:async)?$/),
    keyVariable: null,
  },
  {
    sdk: 'semantic-kernel',
    provider: null,
    languages: ['csharp'],
    from: /^Microsoft\.SemanticKernel(?:\.|$)/,
    clients:
      /^(?:Kernel|IKernelBuilder|IChatCompletionService|(?:OpenAI|AzureOpenAI)(?:ChatCompletionService|TextEmbeddingGenerationService)|ChatCompletionAgent)$/,
    calls: [
      [
        /(?:^|\.)(?:get(?:streaming)?chatmessagecontents?|invokeprompt(?:streaming)?|invoke(?:streaming)?)(?:async)?$/,
        'chat',
      ],
      [/(?:^|\.)generateembeddings?(?:async)?$/, 'embeddings'],
    ],
    keyVariable: null,
  },
  {
    sdk: 'microsoft-extensions-ai',
    provider: null,
    languages: ['csharp'],
    from: /^Microsoft\.Extensions\.AI(?:\.|$)/,
    clients: /^(?:IChatClient|IEmbeddingGenerator)$/,
    calls: chat(/(?:^|\.)get(?:streaming)?response(?:async)?$/),
    keyVariable: null,
  },
  {
    sdk: 'ollama',
    provider: 'ollama',
    languages: ['csharp'],
    from: /^OllamaSharp(?:\.|$)/,
    clients: /^OllamaApiClient$/,
    calls: chat(/^(?:chat|generate|embed)(?:async)?$/),
    keyVariable: null,
  },
]
