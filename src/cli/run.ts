/** Runs one command line to its exit code. */

import { setImmediate } from 'node:timers/promises'
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { nearestOf } from '#base/nearest.ts'
import { Failure, failureOf, tellFailure, usageFailure } from './failure.ts'
import type { CommandLinePorts } from './ports.ts'
import { serveProgram } from './root-command.ts'
import type { Shell } from './shell.ts'
import { openTerminal } from './terminal.ts'

const isFlag = (word: string): boolean => word.startsWith('-')
const topFlags = new Set(['-h', '--help', '-V', '--version'])

const unknownCommand = (word: string, parent: string, names: readonly string[]): Failure => {
  const [nearest] = nearestOf(word, names)
  const next = nearest === undefined ? `There are ${names.join(', ')}.` : `Did you mean '${parent} ${nearest}'?`
  return usageFailure(`'${parent} ${word}' is no command.`, `${next} '${parent} --help' lists them.`)
}

const isCalled =
  (word: string | undefined) =>
  (command: Command): boolean =>
    word !== undefined && (command.name() === word || command.aliases().includes(word))

/** No command is `serve`: nothing at all, or flags that are not of the program itself. */
const isServe = ([first]: readonly string[]): boolean =>
  first === undefined || first === 'serve' || (isFlag(first) && !topFlags.has(first))

/** What the words can lead to. */
const programFor = async (words: readonly string[], shell: Shell, exited: (code: number) => void): Promise<Command> =>
  isServe(words) ? serveProgram(shell, exited) : (await import('./program.ts')).buildProgram(shell, exited)

/**
 * What a person meant by the words: no command is `serve`. A word that is no command is refused here, because the default
 * commands would take it for an argument of theirs.
 * @throws Failure
 */
const wordsOf = (words: readonly string[], program: Command): readonly string[] => {
  const [first, second] = words
  if (first === 'serve') return words
  if (first === undefined || isServe(words)) return ['serve', ...words]
  if (isFlag(first) || first === 'help') return words
  const command = program.commands.find(isCalled(first))
  if (command === undefined)
    throw unknownCommand(
      first,
      'drover',
      program.commands.map((one) => one.name()),
    )
  const below = command.commands.map((one) => one.name())
  if (below.length > 0 && second !== undefined && !isFlag(second) && second !== 'help' && !below.includes(second))
    throw unknownCommand(second, `drover ${first}`, below)
  return words
}

/** Of a flag that takes one value, the second one would silently take the place of the first. */
const refuseTwice = (command: Command): void => {
  for (const option of command.options) {
    if (option.isBoolean()) continue
    let isGiven = false
    command.on(`option:${option.name()}`, () => {
      // What is collected is a list by now.
      if (isGiven && !Array.isArray(command.getOptionValue(option.attributeName())))
        throw usageFailure(
          `${option.long ?? option.flags} is given twice, and takes one value.`,
          'Keep one of the two.',
        )
      isGiven = true
    })
  }
  for (const below of command.commands) refuseTwice(below)
}

const sentence = (message: string): string => {
  const text = message.replace(/^error: /, '')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`
}

const flagsOf = (command: Command | undefined): readonly string[] =>
  (command?.options ?? []).flatMap((option) => option.long ?? [])

/** The command that the words lead to. */
const commandOf = (words: readonly string[], program: Command): Command | undefined => {
  const first = program.commands.find(isCalled(words[0]))
  const byName = first?.commands.find((one) => one.name() === words[1])
  return byName ?? first?.commands.find((one) => one.name() === 'list') ?? first
}

const unknownFlag = (words: readonly string[], command: Command | undefined): string | undefined => {
  const known = new Set(['--help', ...flagsOf(command)])
  const end = words.indexOf('--')
  return words
    .slice(0, end === -1 ? undefined : end)
    .map((word) => word.replace(/=.*$/s, ''))
    .find((word) => word.startsWith('--') && !known.has(word))
}

const usageOf = (error: CommanderError, words: readonly string[], program: Command): Failure => {
  const command = commandOf(words, program)
  const name = words.filter((word) => !isFlag(word)).slice(0, command?.parent === program ? 1 : 2)
  // A mistyped flag is often the one that Commander then misses.
  const unknown = unknownFlag(words, command)
  const [nearest] = unknown === undefined ? [] : nearestOf(unknown, flagsOf(command))
  const meant = nearest === undefined ? '' : `Did you mean '${nearest}'? `
  const what =
    unknown === undefined ? sentence(error.message) : `'${unknown}' is no flag of 'drover ${name.join(' ')}'.`
  return usageFailure(what, `${meant}'drover ${name.join(' ')} --help' lists the flags.`)
}

const unwritten = (error: Error): Failure =>
  new Failure({
    what: 'Not everything could be written to where the output goes.',
    why: error.message,
    next: 'Make room there, or write elsewhere. What was asked may have been done: look before you ask again.',
    code: 'failed',
  })

/**
 * Runs the command line (without the names of Node and the script) and gives the exit code: 0 = done, 1 = it failed,
 * 2 = wrong usage. Never throws; failures are told on stderr.
 */
export const runCommandLine = async (parameters: readonly string[], given: CommandLinePorts): Promise<number> => {
  const terminal = openTerminal(given, given.environment)
  const asJson = parameters.includes('--json')
  let exitCode = 0
  const readerGone = new AbortController()
  // A reader that has seen enough (`| head`) ends the command, and is no failure.
  given.stdout.once?.('error', (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') {
      exitCode = 1
      tellFailure(unwritten(error), terminal, false)
    }
    readerGone.abort()
  })
  const ports = { ...given, signal: AbortSignal.any([given.signal, readerGone.signal]) }
  const program = await programFor(parameters, { ports, terminal }, (code) => {
    exitCode = code
  })
  let words: readonly string[] = parameters
  try {
    words = wordsOf(parameters, program)
    refuseTwice(program)
    await program.parseAsync(words, { from: 'user' })
    // A file that could not be written to says so on the next turn.
    await setImmediate()
    return exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    // A noun without a verb: its help has been printed.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') return 2
    const failure = thrown instanceof CommanderError ? usageOf(thrown, words, program) : failureOf(thrown)
    tellFailure(failure, terminal, asJson)
    if ((ports.environment['DROVER_TRACE'] ?? '') !== '' && failure.cause instanceof Error)
      terminal.talk(failure.cause.stack ?? failure.cause.message)
    return failure.exitCode
  }
}
