/** What only some vendors have: prefill, counting, balance, files. */

import { Buffer } from 'node:buffer'
import { isObject } from '#base/json-type.ts'
import { chat, room, user } from '#probe/chat/ask.ts'
import { firstChoice, usageOfChat } from '#probe/chat/reading.ts'
import { declinableAnswersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import type { Exchange } from '#probe/exchange.ts'
import type { Judgement } from '#probe/judgement.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { bodyJson, countAt, objectAt, refusalText, textAt } from '#probe/wire-events.ts'
import { client, groupOf, relay } from './define.ts'

/** An endpoint that is not there is no fault. */
const absent = (exchange: Exchange | undefined): Judgement | null => {
  if (exchange === undefined) return unsupported('Nothing was asked.')
  const broken = brokenBy(exchange)
  if (broken !== null && exchange.status !== 501) return failed(`${exchange.ask.path}: ${broken}.`)
  return exchange.status >= 400 ? unsupported(`It is not there: ${refusalText(exchange)}`) : null
}

const continued: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['partial', 'prefix', 'assistant', 'prefill']), ([reading], findings) => {
    const content = reading === undefined ? '' : firstChoice(reading).content
    if (content === '') return failed('A begun answer is not gone on with: nothing comes.')
    if (!/^\s*(?:\w+"?\s*[:}]|[\d",}])/.test(content) && !content.trimStart().startsWith('{'))
      return unsupported('The model answers anew instead of going on.')
    findings.should(!content.trimStart().startsWith('{'), 'The begun text is repeated.')
    return undefined
  })

const estimateText = 'The lamp of the lighthouse turns once every ten seconds. '.repeat(8)
const estimateBody = (facts: Facts) => ({ model: facts.model, messages: [user(`${facts.nonce} ${estimateText}`)] })

/** Kimi's own verifier takes 3 tokens for nothing. */
const estimateTokensOff = 3

const estimated: Probe['judge'] = ([estimate, call]) => {
  const missing = absent(estimate)
  if (missing !== null) return missing
  const value = estimate === undefined ? null : bodyJson(estimate)
  const tokens = countAt(objectAt(isObject(value) ? value : {}, 'data'), 'total_tokens')
  return judgeAnswers(declinableAnswersOf(call === undefined ? [] : [call], []), ([reading], findings) => {
    const billed = reading === undefined ? null : countAt(usageOfChat(reading) ?? {}, 'prompt_tokens')
    findings.must(tokens !== null, 'There is no data.total_tokens.')
    findings.must(
      tokens === null || billed === null || Math.abs(tokens - billed) <= estimateTokensOff,
      `${tokens} tokens are estimated, and ${billed} billed.`,
    )
    return undefined
  })
}

const balance: Probe['judge'] = ([exchange]) => {
  const missing = absent(exchange)
  if (missing !== null) return missing
  const value = exchange === undefined ? null : bodyJson(exchange)
  const data = objectAt(isObject(value) ? value : {}, 'data')
  const findings = new Findings()
  findings.must(typeof data['available_balance'] === 'number', 'There is no data.available_balance.')
  findings.note('CNY on the site of mainland China, USD elsewhere.')
  return findings.judgement()
}

const boundary = 'drover-probe-boundary'
const fileText = 'The harbour master is called Ines Vale.'

const upload = () => {
  const field = (name: string, value: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="probe.txt"\r\ncontent-type: text/plain\r\n\r\n${fileText}\r\n`
  const bytes = Buffer.from(`${field('purpose', 'file-extract')}${file}--${boundary}--\r\n`)
  return {
    method: 'POST',
    path: 'files',
    raw: { bytes, contentType: `multipart/form-data; boundary=${boundary}` },
  } as const
}

const fileId = ([uploaded]: readonly Exchange[]): string => {
  const value = uploaded?.status === 200 ? bodyJson(uploaded) : null
  return textAt(isObject(value) ? value : {}, 'id')
}

const files: Probe['judge'] = (had) => {
  const [uploaded, content, deleted] = had
  const missing = absent(uploaded)
  if (missing !== null) return missing
  const findings = new Findings()
  findings.must(fileId(had) !== '', 'An uploaded file has no id.')
  findings.must(
    content?.status === 200 && content.body.includes('Ines Vale'),
    `Its content does not come back: ${content === undefined ? 'nothing was asked' : refusalText(content)}`,
  )
  findings.must(
    deleted?.status === 200,
    `It cannot be deleted: ${deleted === undefined ? 'nothing was asked' : refusalText(deleted)}`,
  )
  return findings.judgement()
}

export const extraProbes = groupOf({ group: 'extras' }, [
  {
    id: 'partial-mode',
    title: 'An answer that is begun is gone on with',
    level: 'info',
    rule: 'The model goes on after the given beginning, or refuses clearly.',
    remedy: client('Say in the prompt how the answer shall begin.'),
    known: ['Kimi: partial: true', 'DeepSeek: prefix: true under /beta', 'newer Claude models refuse prefill'],
    dependents: { parameters: ['partial', 'prefix'] },
    ask: (facts) => [
      chat(facts, {
        messages: [
          user('Give {"city": "Oslo"} back as JSON.'),
          { role: 'assistant', content: '{"', partial: true, prefix: true },
        ],
        ...room(facts, 64),
      }),
    ],
    judge: continued,
  },
  {
    id: 'token-estimate',
    title: 'tokenizers/estimate-token-count',
    level: 'info',
    rule: 'Within 3 tokens of what is billed.',
    remedy: relay('Drover passes it on to the provider that has it.'),
    known: ['Moonshot only'],
    dependents: { endpoints: ['tokenizers/estimate-token-count'] },
    ask: (facts) => [
      { method: 'POST', path: 'tokenizers/estimate-token-count', body: estimateBody(facts) },
      chat(facts, { ...estimateBody(facts), ...room(facts, 16) }, { asStream: false }),
    ],
    judge: estimated,
  },
  {
    id: 'balance',
    title: 'users/me/balance',
    level: 'info',
    rule: 'data.available_balance is a number.',
    remedy: relay("Drover answers it with the caller's own account."),
    known: ['Moonshot only; CNY on api.moonshot.cn'],
    dependents: { endpoints: ['users/me/balance'] },
    ask: () => [{ method: 'GET', path: 'users/me/balance' }],
    judge: balance,
  },
  {
    id: 'files',
    title: 'Files: upload, content, delete',
    level: 'info',
    rule: 'What was uploaded comes back, and can be deleted.',
    remedy: relay('Drover binds ids to the account and provider that they belong to.'),
    known: ['purpose file-extract: Moonshot only'],
    dependents: { endpoints: ['files'] },
    laterCalls: 0,
    ask: [
      () => [upload()],
      (_facts, had) => (fileId(had) === '' ? [] : [{ method: 'GET', path: `files/${fileId(had)}/content` }]),
      (_facts, had) => (fileId(had) === '' ? [] : [{ method: 'DELETE', path: `files/${fileId(had)}` }]),
    ],
    judge: files,
  },
  {
    id: 'files-foreign',
    title: 'A file id of another vendor is refused',
    level: 'info',
    rule: '404 or 400.',
    remedy: relay('Ids that do not belong to the account are 404 on Drover.'),
    dependents: { endpoints: ['files'] },
    ask: () => [{ method: 'GET', path: 'files/file-drover-probe-of-another-vendor' }],
    judge: ([exchange]) => {
      if (exchange === undefined) return unsupported('Nothing was asked.')
      const broken = brokenBy(exchange)
      if (broken !== null) return failed(`A foreign id breaks it: ${broken}.`)
      const findings = new Findings()
      findings.must([400, 404, 405].includes(exchange.status), `It is answered with ${refusalText(exchange)}`)
      return findings.judgement()
    },
  },
])
