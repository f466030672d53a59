/** What code takes for granted of answers, tokens, errors and recordings: one rule is one row of a list. */

import type { Coupling } from '#audit/finding.ts'

export type CouplingRule = Pick<Coupling, 'rule' | 'group' | 'level' | 'message' | 'mend'> & {
  /** Matches a line without its comments; what it captures first, or the whole match, is what the finding is about. */
  readonly form: RegExp
  /** Nothing is told where this matches one of the lines around, as far as `unlessLines` reach. */
  readonly unless?: RegExp
  readonly unlessLines?: number
  /** The file must also match this somewhere. */
  readonly within?: RegExp
  /** Only where the code is test code; otherwise only where it is not. */
  readonly isTest?: boolean
}

const speaksOpenai = /choices|chat[._]completions|openai/i

const response: readonly CouplingRule[] = [
  {
    rule: 'choices-unguarded',
    group: 'response',
    level: 'warning',
    form: /\bchoices['"]?\]?\s*(?:\?\.|->|\.)?\s*[[(]\s*0\s*[\])](?!\?)/i,
    unless:
      /choices\s*(?:\?\.|\.length|\.size|\.empty|\.any|\.present|\.is_empty|\.Count)|len\([^)]*choices|(?:if|unless|and|or|&&|\|\||not|!|isset|empty|count)\s*\(?[^)]*choices\b(?!['"]?\]?\s*(?:->|\.)?\s*[[(]\s*0)|choices['"]?\]?\s*\[\s*0\s*\]\?/i,
    unlessLines: 8,
    message: 'takes the first choice without looking whether there is one.',
    mend: 'Usage and filter events of streams have no choices, and some vendors answer errors under 200: look at the length first.',
  },
  {
    rule: 'stream-usage',
    group: 'response',
    level: 'note',
    form: /\b(?:chunk|event|part|delta|piece|sse)\w*(?:\?\.|->|\.|\[['"])(usage)\b/,
    message: 'reads usage from a stream.',
    mend: 'It comes only with stream_options.include_usage, on a last chunk without choices; some vendors put it into the choice. The relay asks for it, and hands it on where it was asked for.',
  },
  {
    rule: 'done-marker',
    group: 'response',
    level: 'note',
    form: /(\[DONE\])/,
    message: 'parses a stream itself, up to [DONE].',
    mend: 'A line may hold half an event, comments and blank lines come between, and other protocols end otherwise: let an SDK read it, or test with cut streams.',
  },
  {
    rule: 'finish-reason',
    group: 'response',
    level: 'note',
    form: /(?:finish_?reason|stop_?reason)\w*['"\])]*\s*(?:={2,3}|!={1,2}|===?|\bin\b|\bis\b|\.equals\(|\.eq\()/i,
    message: 'branches on why the model stopped.',
    mend: 'Vendors differ: a tool call may end with stop, filters have other names. Have a default for values that are not known.',
  },
  {
    rule: 'tool-id-form',
    group: 'response',
    level: 'warning',
    form: /(?:starts_?with\??|hasprefix|\.test|\.match\w*|re\.\w+|regexp?\w*|str_starts_with|=~|strpos)\s*\(?[^)\n]*["'`/^](call_|toolu_|chatcmpl-|call-)/i,
    message: 'expects ids of one vendor.',
    mend: 'Ids of tool calls are opaque: other vendors write functions.name:0, or chance. Compare them whole.',
  },
  {
    rule: 'reasoning-field',
    group: 'response',
    level: 'note',
    form: /\b(reasoning_content|reasoningContent|reasoning_details|thought_signature|thoughtSignature|redacted_thinking)\b/,
    message: 'uses a field of reasoning that not every vendor has.',
    mend: 'It is absent, under another name, or must be sent back: see the target.',
  },
]

const tokens: readonly CouplingRule[] = [
  {
    rule: 'tokenizer',
    group: 'tokens',
    level: 'warning',
    form: /\b(tiktoken(?:[-_](?:rs|go|ruby|node))?|js-tiktoken|gpt-tokenizer|gpt-3-encoder|jtokkit|SharpToken|encoding_for_model|encodingForModel|EncodingForModel|get_encoding\(|cl100k_base|o200k_base|TiktokenTokenizer)\b/,
    message: "counts tokens with one vendor's tokenizer.",
    mend: 'The same text has other counts elsewhere, up to a third more: use the counts in the answer, or leave room.',
  },
  {
    rule: 'context-constant',
    group: 'tokens',
    level: 'warning',
    form: /\b(\w*(?:context|window|token_?limit|max_?(?:input|prompt|context)|CONTEXT|WINDOW|TOKEN_?LIMIT|MAX_?(?:INPUT|PROMPT|CONTEXT))\w*)['"]?\]?\s*(?::\s*\w+\s*)?(?::|=>?|:=)\s*(?:\d{1,3}(?:[_,]\d{3})+|\d{4,7}|\d{1,4}\s*\*\s*1024|\d+e[3-6])\b/,
    within: speaksOpenai,
    message: 'writes down a size of context.',
    mend: "It belongs to the model: ask for it (GET /v1/models of the relay tells limits), or keep it beside the model's name.",
  },
  {
    rule: 'price-table',
    group: 'tokens',
    level: 'note',
    form: /["'](gpt-[\w.-]+|claude-[\w.-]+|o[134](?:-[\w-]+)?|gemini-[\w.-]+|kimi-[\w.-]+|deepseek-[\w.-]+|text-embedding-[\w-]+)["'][^\n]*?[:=([,]>?\s*\d*\.\d+\b/,
    within: /pric|cost|per_?(?:1k|million|token)/i,
    message: 'keeps prices of models in code.',
    mend: 'They change and differ by vendor: take the cost from the relay (x-drover-cost, usage.cost).',
  },
  {
    rule: 'truncation',
    group: 'tokens',
    level: 'note',
    form: /\b(trim_?[mM]essages|truncate_?(?:messages|tokens|text|prompt|history|to_token)\w*|num_tokens_from_\w+|count_?tokens\w*|countTokens\w*)\s*\(/,
    within: speaksOpenai,
    message: 'cuts or counts by tokens.',
    mend: 'Check it against the context and the tokenizer of the target.',
  },
]

const errors: readonly CouplingRule[] = [
  {
    rule: 'double-retry',
    group: 'errors',
    level: 'warning',
    form: /(@retry\b|@backoff\.|\btenacity\b|\bp-retry\b|\basync-retry\b|\bpRetry\(|\bretry-go\b|cenkalti\/backoff|\bPolly\b|@Retryable|resilience4j|retry\.Do\(|\bRetryPolicy\b|\bStopAfterAttempt\b|Retryable\.|\bbackoff::)/,
    message: 'retries around calls that are retried already.',
    mend: 'The SDK retries twice by itself and the relay again: three layers make one failure many calls. Keep one, and honour retry-after and x-should-retry.',
  },
  {
    rule: 'error-text',
    group: 'errors',
    level: 'note',
    form: /["'`](insufficient_quota|rate_limit_exceeded|context_length_exceeded|invalid_api_key|model_not_found|content_policy_violation|content_filter|overloaded_error|rate_limit_error|invalid_request_error|billing_not_active|billing_hard_limit_reached|RESOURCE_EXHAUSTED|tokens_exceeded_error)["'`]/,
    message: 'knows an error by its code.',
    mend: 'Codes differ by vendor; those of the relay are in docs/reference/errors.md. Decide by status first.',
  },
  {
    rule: 'error-message',
    group: 'errors',
    level: 'warning',
    form: /(?:in\s+str\(|includes\(|contains\(|Contains\(|indexOf\(|include\?|strpos\(|\.test\(|\.match\()[^\n]{0,40}["'`/](?:[^"'`\n]{0,30})(rate limit|quota|maximum context|context length|overloaded|too many requests)/i,
    within: speaksOpenai,
    message: 'reads the words of an error message.',
    mend: 'Words change without notice and differ by vendor: use the status and the code.',
  },
]

const recordings: readonly CouplingRule[] = [
  {
    rule: 'recording',
    group: 'recordings',
    level: 'note',
    form: /\b(nock\(|msw|setupServer\(|respx|VCR\.use_cassette|use_cassette|vcr\.|responses\.add\(|requests_mock|httpx_mock|WebMock|stub_request|WireMock|pollyjs|MockWebServer|httpmock)/,
    isTest: true,
    message: 'answers calls from a recording or a mock.',
    mend: 'It keeps the old address and shapes alive: record again against the relay (a test key answers without a provider).',
  },
]

export const couplingRules: readonly CouplingRule[] = [...response, ...tokens, ...errors, ...recordings]
