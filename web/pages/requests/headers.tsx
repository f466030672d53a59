/** Headers of a call: what of its caller's was read, and what its answer carried beside the vendor's own. Others are never kept. */

import { decimalOfNano } from '#parts/format.ts'
import { useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Facts, mono } from '#parts/layout.tsx'
import type { Explanation } from './explanation.ts'
import { texts } from './texts.ts'

type Call = Explanation['call']
type Header = readonly [name: string, value: string | null]

const askedWith = ({ conversation, call_site: callSite, tags }: Call): readonly Header[] => [
  ['x-session-id', conversation],
  ['x-drover-call-site', callSite],
  [
    'x-drover-tags',
    Object.entries(tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
  ],
]

const answeredWith = (call: Call): readonly Header[] => {
  const last = call.attempts.findLast(({ left }) => left === null) ?? call.attempts.at(-1)
  return [
    ['x-request-id', call.id],
    ['x-drover-provider', call.provider],
    ['x-drover-model', call.upstream_model ?? call.model],
    ['x-drover-attempts', String(call.attempts.length)],
    ['x-drover-upstream-request-id', last?.upstream_request_id ?? null],
    ['x-drover-overhead-ms', call.overhead_ms === null ? null : call.overhead_ms.toFixed(2)],
    ['x-drover-queued-ms', call.queued_ms === null ? null : call.queued_ms.toFixed(0)],
    ['x-drover-cache', call.cache],
    ['x-drover-warnings', call.warnings.join(',')],
    ['x-drover-cost', call.cost_nano_usd === null ? null : decimalOfNano(call.cost_nano_usd)],
  ]
}

const factsOf = (headers: readonly Header[]): readonly Fact[] =>
  headers.flatMap(([name, value]): readonly Fact[] => (value === null || value === '' ? [] : [[name, mono(value)]]))

export const Headers = ({ call }: { readonly call: Call }) => {
  const say = useWords(texts)
  const asked = factsOf(askedWith(call))
  return (
    <div className="stack">
      <h3>{say('headersAsked')}</h3>
      {asked.length === 0 ? <p className="soft">{say('headersNone')}</p> : <Facts facts={asked} />}
      <h3>{say('headersAnswered')}</h3>
      <Facts facts={factsOf(answeredWith(call))} />
      <p className="soft">{say('headersWhy')}</p>
    </div>
  )
}
