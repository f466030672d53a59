/** Runs an operation: input checked, output held against its allow-list. The API and the command line both go through here. */

import type { z } from 'zod'
import { meantText } from '#base/nearest.ts'
import { placeText } from '#base/place-text.ts'
import type { ProblemDetail } from '#base/problem.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { confined } from './confined.ts'
import { fieldsOf } from './field.ts'
import type { Actor, Operation, OperationContext } from './operation.ts'
import { reachOf } from './reach.ts'
import { mayRun, roleWords } from './role.ts'
import { signedOut } from './signed-out.ts'
import { actionOf, checkStepUp } from './step-up.ts'
import { veiled } from './veil.ts'

const units: Readonly<Record<string, string>> = { string: 'characters', array: 'members' }

/** Bounds in the words in which the configuration says them. */
const outOfBounds = (issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): string => {
  const unit = units[issue.origin]
  const isSmall = issue.code === 'too_small'
  const bound = isSmall ? issue.minimum : issue.maximum
  if (unit === undefined && issue.inclusive === false) return `must be ${isSmall ? 'more' : 'less'} than ${bound}`
  if (unit === undefined) return `must be ${bound} or ${isSmall ? 'more' : 'less'}`
  if (!isSmall) return `must not have more than ${bound} ${unit}`
  return bound === 1 ? 'must not be empty' : `must have at least ${bound} ${unit}`
}

/** Forms of text that Zod has words of its own for. */
const forms: Readonly<Record<string, string>> = {
  date: 'a day such as 2026-11-30',
  datetime: 'a moment such as 2026-11-30T08:00:00Z',
}

const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing'
  if (issue.code === 'invalid_type') return `must be of type ${issue.expected}`
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    const meant = typeof issue.input === 'string' ? meantText(issue.input, values) : ''
    return `must be ${values.length === 1 ? '' : 'one of '}${values.join(', ')}${meant}`
  }
  const form = issue.code === 'invalid_format' ? forms[issue.format] : undefined
  if (form !== undefined) return `must be ${form}`
  if (issue.code === 'too_small' || issue.code === 'too_big') return outOfBounds(issue)
  return undefined
}

/** A field of an input is wrong. */
export class FieldProblem extends Problem {
  /** Empty = the input as a whole. */
  readonly path: readonly PropertyKey[]
  /** What follows the field's name in the message. */
  readonly what: string

  constructor(path: readonly PropertyKey[], what: string, detail: ProblemDetail) {
    super('invalid_request_error', { ...detail, param: path.length === 0 ? null : placeText(path) })
    this.path = path
    this.what = what
  }
}

const unknownField = (operation: Operation, path: readonly PropertyKey[], key: string): FieldProblem => {
  const known = fieldsOf(operation.input).map((field) => field.name)
  const meant = meantText(key, known)
  const what = `is no field here${meant === '' ? `. Known here: ${known.join(', ')}.` : meant}`
  return new FieldProblem(path, what, { message: `'${placeText(path).slice(0, 100)}' ${what}` })
}

const refusal = (operation: Operation, issue: z.core.$ZodIssue): FieldProblem => {
  const { path, message: what } = issue
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    return unknownField(operation, [...path, key], key)
  }
  return new FieldProblem(path, `${what}.`, saying('field_wrong', { field: placeText(path), what }))
}

/**
 * Checks an input.
 * @throws Problem `invalid_request_error` naming the first field at fault; its message never holds the value.
 */
export const checkInput = (operation: Operation, input: unknown): unknown => {
  const result = operation.input.safeParse(input, { error: wording })
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw issue === undefined
    ? new Problem('invalid_request_error', { message: 'The input cannot be read.' })
    : refusal(operation, issue)
}

/** Refuses an actor whose organisation, role or scopes do not reach as far as the operation. */
export const checkScope = (operation: Operation, actor: Actor): void => {
  const reach = reachOf(operation)
  if (reach === 'everybody') return
  if (actor.isVisitor === true) throw signedOut()
  if (reach === 'self') return
  if (reach === 'operator' && actor.tenant !== undefined)
    throw new Problem('permission_denied', {
      ...saying('operators_operation', { noun: operation.noun, verb: operation.verb }),
    })
  const { role } = actor
  if (role !== undefined && !mayRun(role, operation))
    throw new Problem('permission_denied', {
      ...saying('role_may_not', { role, noun: operation.noun, verb: operation.verb, roles: roleWords }),
    })
  if (actor.scopes.includes(operation.scope)) return
  throw new Problem('permission_denied', {
    message: `${operation.noun} ${operation.verb} needs the scope '${operation.scope}', and this credential has ${actor.scopes.join(', ') || 'none'}.`,
  })
}

/**
 * Runs the operation for the actor of the context. The output holds only fields that the operation declares.
 * @throws Problem of the scope, of the input, or of the operation.
 */
export const runOperation = async (
  operation: Operation,
  input: unknown,
  context: OperationContext,
): Promise<unknown> => {
  checkScope(operation, context.actor)
  const { tenant } = context.actor
  const checked = checkInput(operation, input)
  const action = actionOf(operation, checked)
  if (action !== null) await checkStepUp(action, context)
  // What is for everybody is done for nobody's organisation, whoever is signed in: it is as open to visitors.
  if (tenant === undefined || reachOf(operation) === 'everybody')
    return operation.output.parse(await operation.run(checked, context))
  // Two walls: the table of reach lets the operation run, and what it is given knows of no other organisation.
  const output = await operation.run(checked, { ...context, ports: confined(context.ports, tenant, context.clock) })
  return veiled(operation, operation.output.parse(output))
}
