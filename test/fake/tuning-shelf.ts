/**
 * Jobs of fine-tuning as OpenAI has them (https://github.com/openai/openai-openapi: `/fine_tuning/jobs`, read
 * 2026-11-29): jobs end when the test says so.
 */

import { strict as assert } from 'node:assert'
import type { FileShelf } from './file-shelf.ts'
import { answerJson, refuse } from './file-shelf.ts'
import type { Exchange } from './upstream.ts'

type Job = Record<string, unknown> & { readonly id: string }

export type TuningShelf = {
  readonly jobs: ReadonlyMap<string, Job>
  readonly end: (id: string, changes: object) => void
  /** The next job is made, and its answer never comes. */
  readonly loseAnswer: () => void
  readonly answer: (exchange: Exchange) => boolean
}

export function tuningShelf(files: FileShelf, model: string): TuningShelf {
  const jobs = new Map<string, Job>()
  const lost = new Set<'answer'>()

  const create = ({ seen, response }: Exchange): void => {
    const body = JSON.parse(seen.body.toString()) as Record<string, unknown>
    const file = files.files.get(String(body['training_file']))
    if (body['model'] !== model) {
      refuse(response, {
        status: 400,
        message: `Model ${body['model']} is not available for fine-tuning.`,
        param: 'model',
      })
      return
    }
    if (file?.purpose !== 'fine-tune') {
      refuse(response, { status: 400, message: 'Invalid training_file.', param: 'training_file' })
      return
    }
    const id = `ftjob-${jobs.size + 1}`
    const job: Job = {
      id,
      object: 'fine_tuning.job',
      created_at: 1_790_000_000,
      error: null,
      fine_tuned_model: null,
      finished_at: null,
      hyperparameters: body['hyperparameters'] ?? { n_epochs: 'auto' },
      model,
      organization_id: 'org-of-the-operator',
      result_files: [],
      status: 'validating_files',
      trained_tokens: null,
      training_file: file.id,
      validation_file: null,
      seed: 1,
      metadata: body['metadata'] ?? null,
    }
    jobs.set(id, job)
    if (lost.delete('answer')) response.destroy()
    else answerJson(response, 200, job)
  }

  const about = ({ seen, response }: Exchange, id: string, behind: string | undefined): void => {
    const job = jobs.get(id)
    if (job === undefined) refuse(response, { status: 404, message: `Could not find fine tune: ${id}` })
    else if (behind === 'checkpoints') {
      const data = [{ id: 'ftckpt_1', fine_tuned_model_checkpoint: `${job['fine_tuned_model']}:ckpt-step-8` }]
      answerJson(response, 200, { object: 'list', data, has_more: false })
    } else if (behind === 'events')
      answerJson(response, 200, { object: 'list', data: [{ id: 'ftevent-1', message: seen.target }], has_more: false })
    else {
      if (behind === 'cancel') job['status'] = 'cancelled'
      if (behind === 'pause') job['status'] = 'paused'
      answerJson(response, 200, job)
    }
  }

  const answer: TuningShelf['answer'] = (exchange) => {
    const job = /^\/v1\/fine_tuning\/jobs(?:\/([^/?]+)(?:\/(\w+))?)?(?:\?.*)?$/.exec(exchange.seen.target)
    if (job !== null) {
      if (job[1] !== undefined) about(exchange, job[1], job[2])
      else if (exchange.seen.method === 'POST') create(exchange)
      else
        answerJson(exchange.response, 200, { object: 'list', data: [...jobs.values()].toReversed(), has_more: false })
    } else if (/^\/v1\/models\/ft/.test(exchange.seen.target))
      answerJson(exchange.response, 200, { id: exchange.seen.target, object: 'model', deleted: true })
    else return false
    return true
  }
  return {
    jobs,
    end: (id, changes) => {
      const job = jobs.get(id)
      assert.ok(job !== undefined)
      Object.assign(job, changes)
    },
    loseAnswer: () => void lost.add('answer'),
    answer,
  }
}
