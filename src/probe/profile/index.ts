/** The list of profiles. Facts as of 2026-11-28, from the vendors' pages and the recordings that tests are run over. */

import type { Profile } from './profile.ts'

const plain: Pick<Profile, 'wire' | 'provoke' | 'hosts' | 'expected'> = {
  wire: 'openai',
  provoke: {},
  hosts: [],
  expected: {},
}

const ignores = (fields: string): string => `Its documentation says that it ignores ${fields}.`

const openai: Profile = {
  ...plain,
  name: 'openai',
  title: 'OpenAI',
  hosts: ['api.openai.com'],
  expected: {
    'model-echo': 'Aliases are answered by the name of a dated snapshot.',
    'functions-legacy': 'Models that think do not take functions.',
  },
}

const kimi: Profile = {
  ...plain,
  name: 'kimi',
  title: 'Moonshot AI (Kimi)',
  hosts: ['api.moonshot.ai', 'api.moonshot.cn'],
  expected: {
    'usage-position': 'Usage of a stream comes in the last choice (https://platform.kimi.com/docs/api/chat.md).',
    'usage-uninvited': 'Usage comes in the last choice, asked or not.',
    'tool-choice-named': 'The named form is ignored without a word (vendor verifier for K3).',
    'overload-told-apart': 'Overload and the rate limit are both 429, told apart by error.type only on some paths.',
    'message-shapes': 'Empty content is refused.',
    'functions-legacy': 'functions are not taken.',
    'json-schema-bad': 'Schemas are held against its own subset (MFJS), and not refused everywhere.',
    determinism: 'Temperature is fixed from k2.5 on.',
  },
}

const deepseek: Profile = {
  ...plain,
  name: 'deepseek',
  title: 'DeepSeek',
  hosts: ['api.deepseek.com'],
  expected: {
    'json-schema': 'json_object only (https://api-docs.deepseek.com/guides/json_mode).',
    'reasoning-history': 'Tool turns want reasoning_content back while thinking.',
    'rate-limit-headers': 'There is no rate limit; connections are held open instead.',
    choices: ignores('n'),
    'choices-cold': ignores('n'),
    'logit-bias': ignores('logit_bias'),
    'json-schema-bad': 'json_object only.',
  },
}

const anthropicCompatible: Profile = {
  ...plain,
  name: 'anthropic-compat',
  title: "Anthropic's OpenAI-compatible endpoint",
  hosts: [],
  expected: {
    'json-object': ignores('response_format'),
    'json-schema': ignores('response_format'),
    'json-schema-bad': ignores('response_format'),
    choices: 'n must be 1.',
    'choices-cold': 'n must be 1.',
    logprobs: ignores('logprobs'),
    'functions-legacy': ignores('functions'),
    'error-body': 'Error messages are not those of OpenAI.',
    'model-listed': 'The list of models wants the headers of the Messages API.',
    'reasoning-separate': 'Thinking is not shown.',
  },
}

const geminiCompatible: Profile = {
  ...plain,
  name: 'gemini-compat',
  title: "Gemini's OpenAI-compatible endpoint",
  hosts: [],
  expected: {
    'error-body': 'Errors are wrapped in an array.',
    'key-wrong': 'Errors are wrapped in an array, and a wrong key is a 400.',
    'key-missing': 'Errors are wrapped in an array.',
    'model-unknown': 'Errors are wrapped in an array.',
    'tool-deltas': 'Pieces of tool calls have no index.',
    'tool-finish': 'Streams with tool calls end with "stop" (googleapis/python-genai #2868).',
    'tool-parallel': 'Several calls in a stream share an index.',
    'stream-envelope': 'The id changes with every event.',
    logprobs: ignores('logprobs'),
    'model-listed': 'The list names models/ID.',
  },
}

const azure: Profile = {
  ...plain,
  name: 'azure',
  title: 'Azure OpenAI',
  expected: {
    ...openai.expected,
    'stream-envelope': 'The first event has no choices, no id and no model: it holds the content filter.',
    'usage-uninvited': 'The first event has no choices.',
    'model-listed': 'Deployments are not models.',
  },
}

const mistral: Profile = {
  ...plain,
  name: 'mistral',
  title: 'Mistral',
  hosts: ['api.mistral.ai'],
  expected: {
    'error-body': 'Validation answers {"detail": …} or an object without "error".',
    'usage-uninvited': 'Usage comes with the last choice, asked or not.',
    'tool-finish': 'Some models end with "stop".',
  },
}

const engine = (name: string, title: string, more: Profile['expected'] = {}): Profile => ({
  ...plain,
  name,
  title,
  expected: {
    'context-exceeded': 'What is too long is refused or cut as the server was started.',
    'functions-legacy': ignores('functions'),
    'text-markers': 'Parsers depend on how the server was started (--tool-call-parser, --reasoning-parser).',
    ...more,
  },
})

const drover: Profile = {
  ...plain,
  name: 'drover',
  title: 'Drover',
  sandbox: {
    keyPrefix: 'hs-test-',
    expected: {
      'json-schema-bad': 'The sandbox answers to any schema with what fits it best.',
      'functions-legacy': 'The sandbox calls tools, not functions.',
      'context-needle': 'The sandbox repeats, and finds nothing.',
      'tool-validity': 'The sandbox fills in examples, which obey no pattern.',
    },
    provoke: {
      rateLimited: 'sandbox:status=429,retry-after=2 ',
      overloaded: 'sandbox:status=503 ',
      noCredit: 'sandbox:status=402 ',
      cutMidStream: 'sandbox:cut-after=3 ',
      tooLong: 'sandbox:error=context_length_exceeded ',
    },
  },
}

export const profiles: readonly Profile[] = [
  { ...plain, name: 'strict', title: 'any endpoint, nothing expected' },
  openai,
  kimi,
  deepseek,
  anthropicCompatible,
  { ...plain, name: 'anthropic', title: 'Anthropic', wire: 'anthropic', hosts: ['api.anthropic.com'] },
  geminiCompatible,
  { ...plain, name: 'gemini', title: 'Google Gemini', wire: 'gemini', hosts: ['generativelanguage.googleapis.com'] },
  azure,
  mistral,
  {
    ...plain,
    name: 'groq',
    title: 'Groq',
    hosts: ['api.groq.com'],
    expected: { choices: 'n must be 1.', logprobs: 'Not on most models.' },
  },
  {
    ...plain,
    name: 'openrouter',
    title: 'OpenRouter',
    hosts: ['openrouter.ai'],
    expected: {
      'model-echo': 'Names resolve to versions of models.',
      choices: ignores('n'),
      'choices-cold': ignores('n'),
    },
  },
  engine('vllm', 'vLLM', { 'model-unknown': 'A server of one model may take any name.' }),
  engine('sglang', 'SGLang'),
  engine('llamacpp', 'llama.cpp', {
    'model-unknown': 'A server of one model takes any name.',
    'model-echo': 'The answer may name the file.',
    choices: 'One answer at a time.',
    'choices-cold': 'One answer at a time.',
    'json-schema-bad': 'What it does not know of a schema it leaves out.',
  }),
  engine('ollama', 'Ollama', {
    choices: ignores('n'),
    'choices-cold': ignores('n'),
    logprobs: ignores('logprobs'),
    'context-exceeded': 'Prompts that are too long are cut without a word.',
  }),
  drover,
]

/** `undefined` = there is no such profile. */
export const profileOf = (name: string): Profile | undefined => profiles.find((profile) => profile.name === name)

/** The profile of the endpoint at this address, where one is known by it. */
export const profileAt = (baseUrl: string): Profile | undefined => {
  const { hostname, pathname } = new URL(baseUrl)
  const found = profiles.find(({ hosts }) => hosts.includes(hostname))
  const isCompatible = found?.name === 'gemini' && pathname.includes('/openai')
  return isCompatible ? geminiCompatible : found
}

/** The profile as it is for this key. */
export const profileForKey = (
  profile: Profile | undefined,
  key: string | null,
): Pick<Profile, 'expected' | 'provoke'> => {
  const { sandbox, expected = {}, provoke = {} } = profile ?? {}
  return sandbox !== undefined && key?.startsWith(sandbox.keyPrefix) === true ? sandbox : { expected, provoke }
}

/** What an endpoint's own headers say of it. */
export const guessProfile = (headers: Readonly<Record<string, string>>): Profile | undefined =>
  Object.keys(headers).some((name) => name.startsWith('x-drover-')) ? profileOf('drover') : undefined
