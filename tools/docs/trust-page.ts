// docs/trust.md from docs/trust.json: what is claimed of Drover's reliability, what shows it, and what does not.

/** A row of the register. */
export type TrustRow = {
  readonly id: string
  readonly kind: 'invariant' | 'fault' | 'race' | 'attack' | 'programme' | 'incident'
  readonly what: string
  /** What must hold. */
  readonly mark: string
  /** Tests and programs that show it; none: `gap` says why. */
  readonly files: readonly string[]
  readonly command?: string
  readonly measured?: string
  readonly seed?: string
  /** What is not shown, and why. */
  readonly gap?: string
}

const heads: readonly (readonly [TrustRow['kind'], string, string])[] = [
  ['invariant', 'Invariants', 'What holds of the books after every step, whatever happens.'],
  ['fault', 'Faults', 'What machines, networks and providers do.'],
  ['race', 'Races', 'What happens when many come at once.'],
  ['attack', 'Attacks', 'What people send on purpose.'],
  ['programme', 'Programmes', 'What plays many of these at once, for as long as one likes.'],
  [
    'incident',
    'Incidents of others',
    'What happened to comparable software, by its public identifier or its project and number. None of it may work here.',
  ],
]

const cell = (text: string): string => text.replaceAll('|', '\\|')

const shown = ({ files, command, seed }: TrustRow): string =>
  [
    ...files.map((file) => `[${file.split('/').at(-1)}](../${file})`),
    ...(command === undefined ? [] : [`\`${command}\``]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
  ].join(', ')

const table = (rows: readonly TrustRow[]): readonly string[] => [
  '| id | what | pass mark | shown by | measured | not shown |',
  '|---|---|---|---|---|---|',
  ...rows.map((row) => {
    const { id, what, mark, measured = '', gap = '' } = row
    return `| ${[id, what, mark, shown(row), measured, gap].map(cell).join(' | ')} |`
  }),
]

const foundAndMended: readonly string[] = [
  'A request whose head was refused (two Host headers, an unknown coding, another version) left its connection open, and what stood behind it was taken for the next request. Such a connection is closed now, and nothing more is taken from it.',
  'Requests of HTTP/0.9 and HTTP/2.0 in the form of HTTP/1.1 were taken, with whatever body their coding claimed. Only 1.0 and 1.1 are, now.',
  'A hold that grew in slices left a part of a lot for some models unused. The lot now pays all that it kept back.',
  'The end of a call that a node’s full disk did not take was tried for five minutes and then left to the next start, and with it what was held. It goes to the shared store now, for as long as it takes.',
  'A node that was told the end of a call a second time, after the store had it, answered with the second amount; the books had the first. It answers with the first now. The simulation found it.',
  'Customers could bring any word as their credential for a machine of the operator’s that asks for no key, behind the name of a vendor that does, and had it for the relay fee. Only addresses of vendors themselves, and those that the operator vouches for, are offered to them now.',
  'A payment of another amount than its order asked for was left to a person, and after its refund had failed a repeated notice credited the whole order for it. It stays with a person now.',
  'A refund or a dispute that was heard of before its payment left what was paid uncredited for good. The payment is asked for first now.',
  'A call whose provider reported only one of input and output, or one as a text, was free; a report of 9e15 tokens made a sum that the books could not hold. What is not said is counted now, and what cannot be is not believed.',
  'With guardrails switched on, 280 KB of mail addresses, or of single digits among blanks, held a node up for seconds. The time grows with the text now.',
  'Guardrails passed by texts that begin with "data:", names within what a tool was given and ids there, and fields of forms.',
  'A refund that succeeded and failed days later was ignored: the account had neither money nor credit. It has its credit back now, once.',
  'A bonus that was spent before its credit was given away by a full refund. Bought credit goes in its place now.',
  'A notice that came again put an older card in the place of a newer one. The card that was paid with last stays now.',
  'A repeated `payments refund` could pay a part back twice. It has an Idempotency-Key now; without one a part that is asked for again in the same words is refused.',
  'One account could push the answers of all others out of the cache. Where it is full, those with more than an equal share give up first now.',
  'Lines of batches whose usage was told by half, and responses in the background, were free, and limits of a day did not hold for lines. They count as calls do now.',
  'Characters that no reader sees hid everything from guardrails; results of a provider’s tools, texts that come again, and Realtime sessions passed by them. They are looked at now.',
  'A caller who left while a WebSocket was being opened left a place taken at the target, whose breaker could stay half-open. It is given back now.',
  'Twenty kept cards that could never be charged as wished kept every other account from its automatic top-up.',
  'A node that was cut off while a migration went back, and had something left to tell of it, sent calls to the candidate again for up to a minute once it heard the store. It sends none now. Writing the simulation of migrations found it.',
  'What a refund gave back that could not be paid out stood beside its order: nothing could refund it any more, also where an account was closed. It goes back with its bonus now. A test of repeated refunds found it.',
  'Relays that name each other passed a call on for as long as it lived. Each counts itself now, and the fifth refuses.',
  'A call under way when its budget was lowered was measured by the limit that it began under. It is measured by the lower one now.',
  'What the lines of a batch did not use could go back to limits of a day twice, where noting its end failed. It goes back once now.',
  'Text that came faster than it was counted was kept without a bound, 5 MiB for each of 500 readers who took nothing. So much waits now, and the rest is estimated.',
  'A long answer without usage was counted to its first million characters, and by the rule for English beyond: a third of what Chinese is. The rest goes by its own beginning now.',
  'A node that was cut off in two transactions kept callers at others waiting for four seconds of the five that they have; on a busy machine some were refused. It keeps them for three now. Cutting wires beside other work found it.',
  'Of new connections one was taken at a turn of the loop, of those that were there every one was served: under load whoever called anew waited for seconds, or was not heard at all. Sixteen are taken now. Overload of the processor found it.',
  'A call that was refused for want of room counted as one under way until its record was kept, so that refusals brought on refusals: with callers who asked again at once a server did not recover. It counts no more.',
  'A refusal before the body closed the connection, however short the body was: whoever was refused came back by another one, which costs more than the refusal. It stays open now.',
  'The last two KiB of a piece of an answer kept all 66 KiB of it for a caller who did not read. They are copied now.',
]

/** The page, from the rows. */
export const trustPage = (rows: readonly TrustRow[]): string => {
  const gaps = rows.filter(({ gap }) => gap !== undefined).length
  const lines = [
    '# Trust',
    '',
    'What is claimed of how reliable Drover is, the pass mark of each claim, what shows it, and what it said last. Made from [trust.json](trust.json)',
    `by \`npm run docs\`: ${rows.length} rows, ${gaps} of which say what is not shown, or why nothing has to be. Commands run from a checkout; what takes a seed prints it, and plays the same again`,
    'with it. The books have a page of their own, [proofs.md](operate/proofs.md), as have [faults of providers](operate/faults.md).',
    '',
    ...heads.flatMap(([kind, title, text]) => [
      `## ${title}`,
      '',
      text,
      '',
      ...table(rows.filter((row) => row.kind === kind)),
      '',
    ]),
    '## Found on the way, and mended',
    '',
    ...foundAndMended.map((text) => `- ${text}`),
  ]
  return `${lines.join('\n')}\n`
}
