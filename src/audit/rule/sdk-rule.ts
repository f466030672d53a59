/** What a rule about an SDK says. One SDK is one row of a list; nothing else in this room knows its name. */

import type { LanguageName } from '#audit/syntax/language.ts'

/** What a call reaches. */
export type Endpoint =
  | 'chat'
  | 'completions'
  | 'responses'
  | 'messages'
  | 'embeddings'
  | 'images'
  | 'audio'
  | 'moderations'
  | 'files'
  | 'batches'
  | 'fine-tuning'
  | 'assistants'
  | 'models'
  | 'realtime'
  | 'tokens'
  | 'rerank'
  | 'other'

export type SdkRule = {
  /** As it is reported. */
  readonly sdk: string
  /** Whose API it speaks by default; `null` = depends on the model. */
  readonly provider: string | null
  readonly languages: readonly LanguageName[]
  /** Matches the module, package or namespace that its names come from. */
  readonly from: RegExp
  /** Names that make a client when called, or declare one as a type. */
  readonly clients: RegExp
  /** Paths from a client, lower case without `_`, that call the API. Tried in order. */
  readonly calls: readonly (readonly [path: RegExp, endpoint: Endpoint])[]
  /** Functions of the module itself that call the API. */
  readonly functions?: readonly (readonly [path: RegExp, endpoint: Endpoint])[]
  /** Functions of the module that give back the client which they are handed. */
  readonly wraps?: RegExp
  /** Paths that tell by themselves, wherever the client came from. */
  readonly telling?: RegExp
  /** What its calls are given first is content, whatever its form: `chain.invoke({"question": …})` names what is put into a prompt. */
  readonly isInputFirst?: boolean
  /** What its clients call the model where not by a usual name, lower case. */
  readonly modelArgument?: string
  /** Read by the SDK itself when no key is given. */
  readonly keyVariable: string | null
  /** Clients with another name of the SDK: `AzureOpenAI` of the OpenAI package. */
  readonly variants?: readonly (readonly [name: RegExp, sdk: string, keyVariable: string | null])[]
  /** What must be imported under this name in a file before a bare name counts, in languages without imports of names. */
  readonly isGlobal?: boolean
}
