/** The sandbox's answers to chats and text completions, as parts: any protocol that can write parts can give them. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { usageOf } from '#base/usage.ts'
import type { Part } from '#protocol/part.ts'
import { checkWindow } from './sandbox-check.ts'
import type { SandboxJob } from './sandbox-job.ts'
import { answersOf } from './sandbox-job.ts'
import type { ToolCall } from './sandbox-prompt.ts'
import { answerSchema, asksThinking, chatInput, inputTexts, stopsOf, toolToCall } from './sandbox-prompt.ts'
import { exampleOf } from './sandbox-schema.ts'
import type { Ending, Fitted } from './sandbox-text.ts'
import { fit, greeting, stopped, textOfTokens, withPieces, wordsOf } from './sandbox-text.ts'

/** What one answer consists of. */
type Answer = { readonly thought: string } & (
  | { readonly kind: 'text'; readonly text: string; readonly ending: Ending }
  | { readonly kind: 'tool'; readonly tool: ToolCall; readonly input: string; readonly ending: Ending }
)

type Spent = { readonly input: number; readonly output: number; readonly reasoning: number }

const toolCalled: Ending = { reason: 'tool-calls', raw: 'tool_calls' }
const thought = 'The sandbox repeats what the user said.'
/** Of every token: the sandbox is rather sure of what it repeats. */
const logprob = -0.01
/** Prompts times answers of a text completion. */
const choicesMax = 2_048
/** Characters of tool input to a delta. */
const inputPieceLength = 8

/** Text instead of what the model would find: of the asked length, an instance of the schema, or the echo. */
const wordingOf = (job: SandboxJob, body: JsonObject, echo: string): string => {
  const { tokens, cutAfter } = job.directives
  const schema = answerSchema(body)
  if (tokens !== undefined) return textOfTokens(tokens)
  if (schema !== null) return JSON.stringify(Object.keys(schema).length === 0 ? { message: echo } : exampleOf(schema))
  return withPieces(echo.trim() === '' ? greeting : echo, cutAfter ?? 0)
}

type Room = { readonly tokensMax: number | null; readonly answers: number }

const fitted = (job: SandboxJob, text: string, room: Room): Promise<Fitted> =>
  fit(text, { stops: stopsOf(job.call.body()), countTokens: job.countTokens, ...room })

const inputOf = ({ kind, parameters }: ToolCall, said: string): string =>
  kind === 'custom' ? said : JSON.stringify(exampleOf(parameters))

type Planned = { readonly answer: Answer; readonly output: number; readonly reasoning: number }

const planChat = async (job: SandboxJob, answers: number): Promise<Planned> => {
  const body = job.call.body()
  const { outputMax } = job.call
  const { tokens, finish } = job.directives
  const thinking = asksThinking(body)
    ? await fit(thought, { stops: [], tokensMax: outputMax, answers, countTokens: job.countTokens })
    : { text: '', tokens: 0 }
  const tool = tokens === undefined ? toolToCall(body, job.said) : null
  if (tool !== null) {
    const input = inputOf(tool, job.said)
    const output = thinking.tokens + (await job.countTokens(`${tool.name}\n${input}`))
    const answer: Answer = { kind: 'tool', tool, input, ending: finish ?? toolCalled, thought: thinking.text }
    return { answer, output, reasoning: thinking.tokens }
  }
  const tokensMax = outputMax === null ? null : outputMax - thinking.tokens
  const {
    text,
    tokens: spoken,
    ending,
  } = await fitted(job, wordingOf(job, body, job.said), {
    tokensMax,
    answers,
  })
  const answer: Answer = { kind: 'text', text, ending: finish ?? ending, thought: thinking.text }
  return { answer, output: thinking.tokens + spoken, reasoning: thinking.tokens }
}

const chatLogprobs = (token: string, alternatives: number): JsonObject => {
  const one = { token, logprob, bytes: [...Buffer.from(token)] }
  return { content: [{ ...one, top_logprobs: alternatives > 0 ? [one] : [] }], refusal: null }
}

const completionLogprobs = (token: string, at: number): JsonObject => ({
  tokens: [token],
  token_logprobs: [logprob],
  top_logprobs: [{ [token]: logprob }],
  text_offset: [at],
})

/** How likely each piece was, where the caller asked. */
const logprobsOf = (job: SandboxJob): ((token: string, at: number) => JsonObject | null) => {
  const { logprobs, top_logprobs: alternatives } = job.call.body()
  if (job.call.kind === 'completion') return typeof logprobs === 'number' ? completionLogprobs : () => null
  return logprobs === true
    ? (token) => chatLogprobs(token, typeof alternatives === 'number' ? alternatives : 0)
    : () => null
}

type At = { readonly choice: number; readonly block: number }

function* textParts(job: SandboxJob, text: string, at: At): Generator<Part> {
  const probability = logprobsOf(job)
  let offset = 0
  yield { type: 'text-start', ...at }
  for (const word of wordsOf(text)) {
    const logprobs = probability(word, offset)
    yield { type: 'text-delta', ...at, text: word, ...(logprobs === null ? {} : { logprobs }) }
    offset += word.length
  }
  yield { type: 'text-end', ...at }
}

function* thoughtParts(text: string, at: At): Generator<Part> {
  if (text === '') return
  yield { type: 'reasoning-start', ...at }
  for (const word of wordsOf(text)) yield { type: 'reasoning-delta', ...at, text: word }
  yield { type: 'reasoning-end', ...at }
}

function* toolParts(answer: Extract<Answer, { kind: 'tool' }>, at: At & { readonly id: string }): Generator<Part> {
  const { id, ...place } = at
  const { name, kind } = answer.tool
  yield { type: 'tool-input-start', ...place, id, name, kind, executor: 'caller' }
  for (let from = 0; from < answer.input.length; from += inputPieceLength)
    yield { type: 'tool-input-delta', ...place, text: answer.input.slice(from, from + inputPieceLength) }
  yield { type: 'tool-input-end', ...place }
}

function* answerParts(job: SandboxJob, answer: Answer, choice: number): Generator<Part> {
  yield* thoughtParts(answer.thought, { choice, block: 0 })
  const at = { choice, block: answer.thought === '' ? 0 : 1 }
  if (answer.kind === 'text') yield* textParts(job, answer.text, at)
  else yield* toolParts(answer, { ...at, id: `call_${job.seed.slice(0, 16)}${choice}` })
  yield { type: 'finish', choice, ...answer.ending }
}

const usagePart = ({ input, output, reasoning }: Spent): Part => ({
  type: 'usage',
  usage: usageOf({ input, output, cachedInput: 0, reasoning }),
  raw: {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning },
  },
})

const startPart = (job: SandboxJob, prefix: string): Part => ({
  type: 'start',
  id: `${prefix}-${job.seed.slice(0, 24)}`,
  model: job.call.model,
  createdMs: job.nowMs,
})

/** `n` times the same answer, and what all of them cost. */
export async function* chatParts(job: SandboxJob): AsyncGenerator<Part> {
  const { text, framing } = chatInput(job.call.body())
  const answers = answersOf(job)
  const input = (await job.countTokens(text)) + framing
  checkWindow(input, job.windowTokens)
  const { answer, output, reasoning } = await planChat(job, answers)
  yield startPart(job, 'chatcmpl')
  for (let choice = 0; choice < answers; choice += 1) yield* answerParts(job, answer, choice)
  yield usagePart({ input, output: output * answers, reasoning: reasoning * answers })
}

/** The prompts of a completion; the first one without its directives. */
const promptsOf = (job: SandboxJob, answers: number): readonly string[] => {
  const [, ...others] = inputTexts(job.call.body()['prompt'])
  const prompts = [job.said, ...others]
  if (prompts.length * answers <= choicesMax) return prompts
  throw new Problem('invalid_request_error', {
    message: `The sandbox gives at most ${choicesMax} choices to one request.`,
    param: 'prompt',
    facts: { sandbox: true },
  })
}

/** Each prompt repeated `n` times; with `echo` the prompt stands before its repetition as well. */
export async function* completionParts(job: SandboxJob): AsyncGenerator<Part> {
  const body = job.call.body()
  const answers = answersOf(job)
  const prompts = promptsOf(job, answers)
  const { finish } = job.directives
  yield startPart(job, 'cmpl')
  const room: Room = { tokensMax: job.call.outputMax, answers: prompts.length * answers }
  let input = 0
  let output = 0
  for (const [place, prompt] of prompts.entries()) {
    const { text, tokens, ending } = await fitted(job, wordingOf(job, body, prompt), room)
    input += await job.countTokens(prompt)
    output += tokens * answers
    const said = body['echo'] === true ? `${prompt}${text}` : text
    const answer: Answer = { kind: 'text', text: said, ending: finish ?? ending ?? stopped, thought: '' }
    for (let copy = 0; copy < answers; copy += 1) yield* answerParts(job, answer, place * answers + copy)
  }
  yield usagePart({ input, output, reasoning: 0 })
}
