/**
 * Realtime sessions of the sandbox: the assistant says the last words of the user again, in text or with silence as sound, in the
 * present form of the API or the beta's. Of sound it says how long it was; half a second of silence after it ends a turn.
 */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { asProblem } from '#base/problem.ts'
import type { Channel } from '#http/channel.ts'
import type { ClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { readClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { errorEvent, messageOf } from '#protocol/openai-realtime/server-event.ts'
import type { SessionFacts } from '#protocol/openai-realtime/session-facts.ts'
import { firstFacts, sessionFacts } from '#protocol/openai-realtime/session-facts.ts'
import { readDirectives } from './sandbox-directive.ts'
import type { CountTokens } from './sandbox-job.ts'
import type { Turn } from './sandbox-realtime-reply.ts'
import { replyTo } from './sandbox-realtime-reply.ts'

export type RealtimeSandbox = {
  readonly channel: Channel
  readonly model: string
  readonly beta: boolean
  readonly transcribes: boolean
  readonly clock: Clock
  readonly countTokens: CountTokens
}

/** Silence that ends a turn, and sound without which there is none, in milliseconds. */
const turnEndMs = 500
/** A sample whose size is under this is silence. */
const silenceMost = 300
/** Turns of a conversation that are kept: the oldest are forgotten, as a real session truncates. */
const turnsMax = 1_000

class SandboxSession {
  readonly #options: RealtimeSandbox
  readonly #turns: Turn[] = []
  #settings: JsonObject
  #facts: SessionFacts = firstFacts
  #count = 0
  #soundMs = 0
  #silentMs = 0
  #isSpeaking = false
  /** The response under way, and whether it was told to stop. */
  #running: { isCancelled: boolean } | null = null
  #replying: Promise<void> = Promise.resolve()

  constructor(options: RealtimeSandbox) {
    this.#options = options
    const type = options.transcribes ? 'transcription' : 'realtime'
    const detection = { type: 'server_vad', create_response: true }
    this.#settings = {
      type,
      object: 'realtime.session',
      id: 'sess_sandbox',
      ...(options.transcribes ? {} : { model: options.model }),
      ...(options.beta
        ? {
            modalities: ['text', 'audio'],
            turn_detection: detection,
            input_audio_format: 'pcm16',
            output_audio_format: 'pcm16',
          }
        : {
            output_modalities: ['audio'],
            audio: {
              input: { format: { type: 'audio/pcm', rate: 24_000 }, turn_detection: detection },
              output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'sandbox' },
            },
          }),
    }
    this.#facts = sessionFacts(this.#facts, this.#settings)
  }

  async run(): Promise<void> {
    const { channel } = this.#options
    await this.#say({ type: 'session.created', session: this.#settings })
    for (let message = await channel.receive(); message !== null; message = await channel.receive()) {
      try {
        await this.#take(readClientEvent(message))
      } catch (thrown) {
        await channel.send(
          messageOf(errorEvent(asProblem(thrown), { id: this.#id('event'), origin: '', eventId: null })),
        )
      }
    }
    if (this.#running !== null) this.#running.isCancelled = true
    await this.#replying
  }

  #id(kind: string): string {
    this.#count += 1
    return `${kind}_sandbox${this.#count}`
  }

  #say(event: JsonObject): Promise<void> {
    return this.#options.channel.send(messageOf({ event_id: this.#id('event'), ...event }))
  }

  async #take(event: ClientEvent): Promise<void> {
    switch (event.type) {
      case 'session.update':
      case 'transcription_session.update':
        return this.#update(event)
      case 'conversation.item.create':
        return this.#add(event.object('item'))
      case 'input_audio_buffer.append':
        return this.#hear(event)
      case 'input_audio_buffer.commit':
        return this.#commit()
      case 'input_audio_buffer.clear':
        this.#soundMs = 0
        return this.#say({ type: 'input_audio_buffer.cleared' })
      case 'response.create':
        return this.#respond(event)
      case 'response.cancel':
        if (this.#running !== null) this.#running.isCancelled = true
        return
      default:
        return this.#refuse(`The sandbox does not know the event '${event.type.slice(0, 64)}'.`, event.eventId)
    }
  }

  #refuse(message: string, eventId: string | null, code = 'invalid_value'): Promise<void> {
    return this.#say({
      type: 'error',
      error: { type: 'invalid_request_error', code, message, param: null, event_id: eventId },
    })
  }

  async #update(event: ClientEvent): Promise<void> {
    const changed = event.object('session')
    const audio = objectAt(changed, 'audio')
    const before = objectAt(this.#settings, 'audio')
    const merged: Record<string, Json | undefined> = { ...this.#settings, ...changed }
    if (isObject(changed['audio']))
      merged['audio'] = {
        input: { ...objectAt(before, 'input'), ...objectAt(audio, 'input') },
        output: { ...objectAt(before, 'output'), ...objectAt(audio, 'output') },
      }
    this.#settings = merged
    this.#facts = sessionFacts(this.#facts, merged)
    await this.#say({ type: event.type.replace(/update$/, 'updated'), session: merged })
  }

  async #add(item: JsonObject): Promise<void> {
    const id = typeof item['id'] === 'string' ? item['id'] : this.#id('item')
    const content = Array.isArray(item['content']) ? item['content'].filter(isObject) : []
    const texts = content.flatMap(({ text, transcript }) => [text, transcript].filter((one) => typeof one === 'string'))
    const output = typeof item['output'] === 'string' ? [item['output']] : []
    this.#keep({ role: String(item['role'] ?? 'user'), text: [...texts, ...output].join(' '), soundMs: 0 })
    const added = { ...item, id, object: 'realtime.item', status: 'completed' }
    if (this.#options.beta) return this.#say({ type: 'conversation.item.created', previous_item_id: null, item: added })
    await this.#say({ type: 'conversation.item.added', previous_item_id: null, item: added })
    await this.#say({ type: 'conversation.item.done', previous_item_id: null, item: added })
  }

  #keep(turn: Turn): void {
    this.#turns.push(turn)
    if (this.#turns.length > turnsMax) this.#turns.shift()
  }

  async #hear(event: ClientEvent): Promise<void> {
    const sound = Buffer.from(event.text('audio')?.toString('latin1').slice(1, -1) ?? '', 'base64')
    const ms = (sound.length / this.#facts.soundInBytes) * 1_000
    this.#soundMs += ms
    if (!this.#facts.detectsTurns) return
    const isSilent = this.#isSilent(sound)
    this.#silentMs = isSilent ? this.#silentMs + ms : 0
    if (!isSilent && !this.#isSpeaking) {
      this.#isSpeaking = true
      await this.#say({ type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id: this.#id('item') })
    }
    if (!this.#isSpeaking || this.#silentMs < turnEndMs) return
    this.#isSpeaking = false
    await this.#say({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: Math.round(this.#soundMs) })
    await this.#commit()
    if (this.#facts.createsResponses) await this.#begin({})
  }

  #isSilent(sound: Buffer): boolean {
    // G.711 has no silence that a sum could find: what comes in it is speech.
    if (this.#facts.soundInBytes < 16_000) return false
    for (let at = 0; at + 1 < sound.length; at += 2) if (Math.abs(sound.readInt16LE(at)) > silenceMost) return false
    return true
  }

  async #commit(): Promise<void> {
    const soundMs = Math.round(this.#soundMs)
    if (soundMs < 100)
      return this.#refuse(
        `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${soundMs}ms of audio.`,
        null,
        'input_audio_buffer_commit_empty',
      )
    this.#soundMs = 0
    this.#silentMs = 0
    const id = this.#id('item')
    const transcript = `${soundMs} milliseconds of sound`
    this.#keep({ role: 'user', text: transcript, soundMs })
    const item = {
      id,
      object: 'realtime.item',
      type: 'message',
      role: 'user',
      status: 'completed',
      content: [{ type: 'input_audio', transcript: null }],
    }
    await this.#say({ type: 'input_audio_buffer.committed', previous_item_id: null, item_id: id })
    await this.#say({
      type: this.#options.beta ? 'conversation.item.created' : 'conversation.item.added',
      previous_item_id: null,
      item,
    })
    if (this.#facts.transcriptionModel === null) return
    const audio = Math.ceil(soundMs / 100)
    const output = await this.#options.countTokens(transcript)
    await this.#say({
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: id,
      content_index: 0,
      transcript,
      usage: {
        type: 'tokens',
        input_tokens: audio,
        output_tokens: output,
        total_tokens: audio + output,
        input_token_details: { audio_tokens: audio, text_tokens: 0 },
      },
    })
  }

  async #respond(event: ClientEvent): Promise<void> {
    if (this.#running !== null)
      return this.#refuse(
        'Conversation already has an active response in progress.',
        event.eventId,
        'conversation_already_has_active_response',
      )
    await this.#begin(event.object('response'))
  }

  async #begin(wishes: JsonObject): Promise<void> {
    if (this.#running !== null) this.#running.isCancelled = true
    await this.#replying
    const running = { isCancelled: false }
    this.#running = running
    const last = this.#turns.findLast(({ role }) => role === 'user')?.text ?? ''
    const { directives, rest } = readDirectives(last)
    const settings = { ...this.#settings, ...wishes }
    const { clock, countTokens, beta, channel } = this.#options
    const reply = replyTo({
      said: rest,
      directives,
      settings,
      turns: this.#turns,
      beta,
      soundOutBytes: this.#facts.soundOutBytes,
      id: (kind) => this.#id(kind),
      say: (sent) => this.#say(sent),
      isCancelled: () => running.isCancelled,
      countTokens,
      clock,
    })
    this.#replying = reply.then(
      (turn) => {
        if (turn === null) channel.close({ code: 1011, reason: 'The sandbox broke off, as it was asked to.' })
        else this.#keep(turn)
        this.#running = null
      },
      () => channel.close({ code: 1011, reason: 'The sandbox failed.' }),
    )
  }
}

/** Carries out one session of the sandbox, until its other side closes it. */
export const runRealtimeSandbox = (options: RealtimeSandbox): Promise<void> => new SandboxSession(options).run()
