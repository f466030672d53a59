import type { ProblemRow } from '#base/problem.ts'

const actors = { caller: 'you', policy: 'the operator', upstream: 'the provider', drover: 'Drover' } as const
const retries = { never: 'no', later: 'after `retry-after`', now: 'yes' } as const
const bills = { nothing: 'nothing', delivered: 'what was delivered' } as const

/** docs/reference/errors.md: every code of the table, by status and then by name. */
export function errorsPage(problems: Readonly<Record<string, ProblemRow>>): string {
  const rows = Object.entries(problems).sort(([a, x], [b, y]) => x.status - y.status || (a < b ? -1 : 1))
  return `# Errors

Every error of the OpenAI-compatible endpoints has this shape, so that the SDKs raise their own classes:

\`\`\`json
{
  "error": {
    "message": "what happened, why, and what to do",
    "type": "invalid_request_error",
    "param": null,
    "code": "model_not_found"
  }
}
\`\`\`

\`code\` is stable: decide by it, not by the message. Where a person may be shown the message in another language, \`said\` is beside it: the message's own code, what is filled in and its English. The header \`x-request-id\` finds the call in the records.

| code | status | type | who has to act | can a repeat succeed | what is billed |
|---|---|---|---|---|---|
${rows.map(([code, row]) => `| [\`${code}\`](#${code}) | ${row.status} | \`${row.type}\` | ${actors[row.blame]} | ${retries[row.retry]} | ${bills[row.bill]} |`).join('\n')}

${rows.map(([code, row]) => `## ${code}\n\n${row.mend}`).join('\n\n')}
`
}
