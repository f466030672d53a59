/** A wire format as a value with two faces: towards callers (server) and towards upstreams (client). */

import type { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Problem, RawAnswer } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import type { Answer, Asked, Inbound } from '#http/inbound.ts'
import type { UpstreamBody } from '#http/transport.ts'
import type { Call, CallKind, Converted, Edits, Warning } from './call.ts'
import type { FindCall } from './carried-call.ts'
import type { ChatRequest } from './chat-request.ts'
import type { EmbeddingReply, EmbeddingRequest } from './embedding.ts'
import type { FieldTable } from './feature.ts'
import type { LowerOutput } from './lower-output.ts'
import type { Part } from './part.ts'
import type { ToolNameForm } from './tool-name.ts'

/** Formats that callers speak. */
export type ProtocolName =
  | 'openai-chat'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'gemini'
  | 'openai-completions'
  | 'openai-embeddings'
  | 'gemini-embeddings'
  | 'openai-moderations'
  | 'openai-images'
  | 'openai-speech'
  | 'openai-transcriptions'
  | 'openai-rerank'

/** Formats that upstreams speak: those of callers, and those that only providers have. */
export type UpstreamProtocolName =
  | ProtocolName
  | 'ollama-chat'
  | 'bedrock-converse'
  | 'cohere-chat'
  | 'cohere-embed'
  | 'ollama-embed'
  | 'bedrock-embed'
  | 'vertex-predict'

/** What an upstream's body is: one JSON document, a stream of events, or bytes that are not read. */
export type ReplyForm = 'json' | 'events' | 'binary'

/**
 * A piece of a reply as it came, with what it means. The raw pieces of a reply, joined, are exactly the bytes that
 * the upstream sent: that is what a caller of the same protocol gets.
 */
export type Frame = {
  readonly raw: Buffer
  readonly parts: readonly Part[]
  /**
   * `usage-only`: exists only because usage was asked for (dropped for a caller who did not ask);
   * `end`: the protocol's end marker; `comment`: an SSE comment or blank.
   */
  readonly role: 'content' | 'usage-only' | 'end' | 'comment'
}

/** Reads one reply; stateful, made once per reply. Bytes may be cut anywhere. */
export type ReplyReader = {
  readonly form: ReplyForm
  /** The frames that these bytes complete. Throws Problem `upstream_error` where the bytes are not the protocol. */
  readonly read: (bytes: Buffer) => readonly Frame[]
  /** What is left at the end of the body. */
  readonly end: () => readonly Frame[]
  /** Whether the end marker, or a finish reason on every choice, has come; for JSON, whether the document is whole. */
  readonly complete: () => boolean
}

export type ReplyHead = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
}

export type RequestTarget = {
  /** The model id that the upstream knows. */
  readonly model: string
  readonly edits: Edits
}

export type OutgoingCall = {
  /** Relative to the provider's base URL, without a leading slash: `chat/completions`. */
  readonly path: string
  readonly contentType: string
  readonly body: UpstreamBody
  /** What the format wants beside: a version. The caller's own header of the name wins. */
  readonly headers?: Readonly<Record<string, string>>
}

/** How much thinking a model takes, as words of effort from the least on, or in tokens. */
export type ThinkingRange = {
  readonly levels?: readonly string[]
  /** It thinks whatever is asked for: a wish for none is a 400. */
  readonly always?: true
  readonly tokens?: { readonly least: number; readonly most: number; readonly canBeOff: boolean }
}

/** How a provider's use of a format differs from the format's own: what a writer of requests must know of it. */
export type Dialect = {
  /** Takes `cache_control` on content. */
  readonly cacheMarks: boolean
  /** Knows the role `developer`. */
  readonly developer: boolean
  /**
   * How thinking is asked for. Chat Completions: `reasoning_effort`, `thinking: {type}`, OpenRouter's `reasoning`,
   * `enable_thinking`; Messages: a `budget` of tokens, or `adaptive` with an effort; or not at all.
   */
  readonly thinking: 'effort' | 'switch' | 'reasoning' | 'enable_thinking' | 'budget' | 'adaptive' | 'none'
  /** Absent: all is taken. */
  readonly thinkingRange?: ThinkingRange | undefined
  /**
   * What its Chat Completions need back with the result of a tool, also from callers who leave it out: the thought as text,
   * as `reasoning_details`, or the signatures beside calls.
   */
  readonly restores: 'thought' | 'details' | 'signatures' | 'none'
  /** Thinks unasked, and encrypts what it thinks. */
  readonly encryptsThought: boolean
  /** Where the thought of an earlier turn goes back. */
  readonly thought: 'reasoning_content' | 'reasoning_details' | 'none'
  readonly outputMax: 'max_tokens' | 'max_completion_tokens'
  /** Searches the web when asked by `web_search_options`. */
  readonly webSearch: boolean
  /** Takes `top_k`, which OpenAI's own API refuses. */
  readonly topK: boolean
}

/** Where a translated request goes. */
export type ChatTarget = {
  readonly dialect: Dialect
  /** The most that the model can put out, for formats that want a maximum where the caller gave none; `null` = unknown. */
  readonly outputMax: number | null
}

export type ReadOptions = {
  /** Every part is needed, to be written in another format: a document is held until it is whole, whatever its size. */
  readonly whole: boolean
}

/** Towards an upstream. */
export type ClientFace = {
  readonly writeCall: (call: Call, target: RequestTarget) => Converted<OutgoingCall>
  readonly readReply: (call: Call, head: ReplyHead, options?: ReadOptions) => ReplyReader
  /** An upstream's refusal (status >= 400, or an error body under 200) in Drover's words, the raw answer inside. */
  readonly readProblem: (raw: RawAnswer) => Problem
  /** The usage block of this format, from JSON. */
  readonly readUsage: (usage: JsonObject) => Usage
  /** What asks an upstream for the usage of a stream; `null` = nothing to ask, or the caller asks already. */
  readonly askUsage: (call: Call) => Edits | null
  /** What takes the caller's own question for it out, for an upstream that refuses it; `null` = there is none. */
  readonly dropUsage: (call: Call) => Edits | null
  /**
   * The body of a request that was read in another format; absent: no other format is written as this one. What cannot be said
   * at all is warned of by the table `fields`; here only of what is said with less.
   */
  readonly writeChat?: (request: ChatRequest, target: ChatTarget) => Converted<JsonObject>
  /** A call for embeddings that was read in another format, for a model of the provider's; absent: none is written as this one. */
  readonly writeEmbedding?: (
    request: EmbeddingRequest,
    model: string,
  ) => Converted<{ readonly endpoint: string; readonly body: JsonObject }>
  /** Throws Problem `upstream_error` where there are no vectors. */
  readonly readEmbedding?: (document: JsonObject, head: ReplyHead) => EmbeddingReply
  /** Where calls that come from another format go: `chat/completions`; absent: `writeCall` knows by itself. */
  readonly path?: string
  /** Headers of a caller that mean something to an upstream of this format, lower-case. */
  readonly callerHeaders: readonly string[]
}

/** What a writer must know beyond the parts. */
export type ReplyContext = {
  readonly call: Call
  readonly asked: Asked
  /** Written where the format has a creation time, UTC milliseconds. */
  readonly nowMs: number
}

/** Writes one reply from parts; stateful. For a whole (not streaming) reply everything comes from `end`. */
export type ReplyWriter = {
  readonly contentType: string
  readonly write: (part: Part) => Buffer | null
  readonly end: () => Buffer
  /** What of the parts so far the format could not say; absent: nothing is ever lost. */
  readonly warnings?: () => readonly Warning[]
}

/** Towards a caller. */
export type ServerFace = {
  /** Throws Problem: `invalid_json`, `invalid_request_error` naming the field … */
  readonly readCall: (inbound: Inbound) => Call
  /**
   * The call in the words that all formats share, for a target of another format; absent: this format is never translated.
   * Throws Problem `invalid_request_error` naming the field.
   */
  readonly readChat?: (call: Call) => Converted<ChatRequest>
  readonly writeReply: (context: ReplyContext) => ReplyWriter
  /** A call for embeddings in the words that all formats share. Throws Problem as `readChat` does. */
  readonly readEmbedding?: (call: Call) => Converted<EmbeddingRequest>
  readonly writeEmbedding?: (
    reply: EmbeddingReply,
    asked: { readonly request: EmbeddingRequest; readonly context: ReplyContext },
  ) => JsonObject
  readonly writeProblem: (problem: Problem, asked: Asked) => Answer
  /** The in-band form, after the stream of this call has begun. */
  readonly writeStreamProblem: (problem: Problem, asked: Asked, call: Pick<Call, 'endpoint'>) => Buffer
  /** Sent between events in silence; never changes what a client reads. */
  readonly heartbeat: Buffer
  /** `usage.cost` and `usage.cost_nano_usd` put into the usage of a frame that carries it. */
  readonly addCost: (raw: Buffer, costNanoUsd: bigint) => Buffer
  /** A header besides `x-request-id` in which clients of this format look for the id of a call. */
  readonly requestIdHeader?: string
}

/** A path behind the version that callers of a protocol use: `chat/completions`. */
export type ProtocolEndpoint = {
  readonly path: string
  readonly accepts: readonly ('json' | 'form')[]
  /** What stands before the path; absent: `/v1` only. */
  readonly roots?: readonly string[]
}

/** How a format counts the tokens of a request without making it. Counting costs nothing. */
export type Counting = {
  readonly endpoints: readonly ProtocolEndpoint[]
  /** The path at an upstream of the same format. */
  readonly path: string
  readonly readCall: (inbound: Inbound) => Call
  /** The call whose tokens are to be counted, where the question only holds it; absent: the question is that call. */
  readonly counted?: (call: Call) => Call
  /** Of a call of this format what is asked to be counted; `null` = something in it cannot be counted here. */
  readonly bodyOf: (body: JsonObject) => JsonObject | null
  readonly readAnswer: (document: JsonObject) => number | null
  readonly writeAnswer: (tokens: number) => JsonObject
}

/** What a call asks of earlier responses, and of its own after it has ended. */
export type KeepingWish = {
  /** The id of the response that it continues. */
  readonly previous: string | null
  /** `null` = not said. */
  readonly keep: boolean | null
  /** It is to be answered while nobody waits. */
  readonly background: boolean
  /** It asks for a shorter form of the conversation, which only some providers of the format give. */
  readonly compacts: boolean
  /** A field that needs a keeper whom this relay cannot ask for one caller alone; `null` = none. */
  readonly unavailable: string | null
}

/** How a format refers to responses that are kept for its callers. */
export type Keeping = {
  /** The path of one response, behind the version: `responses`. */
  readonly path: string
  readonly wishOf: (call: Call) => KeepingWish
  /** All that the call says, as a list of items. */
  readonly inputOf: (call: Call) => readonly JsonObject[]
  /** The members of the body that make of a call that continues a response one that says everything itself. */
  readonly continued: (call: Call, earlier: readonly JsonObject[]) => Edits
  readonly outputOf: (document: JsonObject) => readonly JsonObject[]
  /** The id under which the answer to this request goes out, where it is written here. */
  readonly idOf: (asked: Asked) => string
  readonly deleted: (id: string) => JsonObject
  /** One page of what a response was asked, as a caller's query has it. */
  readonly inputPage: (input: readonly JsonObject[], query: URLSearchParams) => JsonObject
}

/** What a protocol is towards upstreams: all that an attempt needs. */
export type UpstreamProtocol = {
  readonly name: UpstreamProtocolName
  readonly kind: CallKind
  readonly client: ClientFace
  /** What becomes of each thing that a request can ask for; absent: this format is never translated. */
  readonly fields?: FieldTable
  /** What names of tools it takes; absent: any. Others are renamed in calls that are written as this one. */
  readonly toolNames?: ToolNameForm
  /** Instructions are no turns of it, and a call without a turn is refused. */
  readonly wantsTurn?: true
  /**
   * The catalog's rules go by OpenAI's parameter names: what those are called in a body of this format. Absent: the same; a
   * parameter that is not listed has no rules here.
   */
  readonly parameterNames?: Readonly<Record<string, string>>
  /** Whose carriers (carrier.ts) go back to a provider of this format with the result of a tool; absent: none, or as the dialect says. */
  readonly takesBack?: readonly string[]
  /** The members of a call of this format with what was kept put back, for a provider of the same format; absent: never. */
  readonly putBack?: (call: Call, find: FindCall, dialect: Dialect) => Edits | null
  /** The events of its streams tell their texts again when they end. */
  readonly repeatsText?: true
}

export type Protocol = UpstreamProtocol & {
  readonly name: ProtocolName
  readonly endpoints: readonly ProtocolEndpoint[]
  /** Absent = nothing in a call of this format bounds its output. */
  readonly lowerOutput?: LowerOutput
  readonly counting?: Counting
  /** Absent: nothing of this format is kept. */
  readonly keeping?: Keeping
  readonly server: ServerFace
}
