import assert from 'node:assert/strict'
import test from 'node:test'
import { namesAnother } from './answered-model.ts'

const idOf = (name: string): string | null => (name === 'fast-chat' || name === 'sparrow-3' ? 'sparrow-3' : null)
const another = (asked: string, answered: string): boolean => namesAnother({ asked, answered, idOf })

test('an alias may be answered by a dated version, a host by the bare name, a service by its own marks', () => {
  for (const [asked, answered] of [
    ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
    ['gpt-4', 'gpt-4-0613'],
    ['claude-sonnet-4.5', 'claude-sonnet-4-5-20250929'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5-20250929'],
    ['claude-sonnet-4-5@20250929', 'claude-sonnet-4-5-20250929'],
    ['gemini-2.5-flash', 'gemini-2.5-flash-preview-09-2025'],
    ['gemini-2.5-flash', 'gemini-2.5-flash-preview-05-20'],
    ['gemini-2.0-flash', 'gemini-2.0-flash-001'],
    ['kimi-k2-0905-preview', 'kimi-k2-0905'],
    ['kimi-k2-instruct', 'moonshotai/Kimi-K2-Instruct'],
    ['kimi-k2-instruct', 'moonshotai/Kimi-K2-Instruct-0905'],
    ['accounts/fireworks/models/kimi-k2-instruct', 'kimi-k2-instruct'],
    ['moonshotai/kimi-k2:free', 'moonshotai/kimi-k2'],
    ['llama3', 'llama3:latest'],
    ['gpt-4o-2024-08-06', 'gpt-4o'],
    ['mistral-large-latest', 'mistral-large-2411'],
    ['gemini-flash-latest', 'gemini-2.5-flash-preview-09-2025'],
    ['moonshot-v1-auto', 'moonshot-v1-8k'],
    ['openrouter/auto', 'anthropic/claude-sonnet-4.5'],
    ['fast-chat', 'sparrow-3'],
    ['kimi-k2.6', ''],
  ] as const)
    assert.equal(another(asked, answered), false, `${asked} by ${answered}`)
})

test('a smaller sibling, a longer window, another version than the one that was asked for and another model are told', () => {
  for (const [asked, answered] of [
    ['gpt-4o', 'gpt-4o-mini'],
    ['gpt-4o', 'gpt-4o-mini-2024-07-18'],
    ['gpt-4o-2024-05-13', 'gpt-4o-2024-08-06'],
    ['kimi-k2-0905-preview', 'kimi-k2-0711-preview'],
    ['kimi-k2.6', 'kimi-k2.5'],
    ['moonshot-v1-32k', 'moonshot-v1-8k'],
    ['gemini-2.5-pro', 'gemini-2.5-flash'],
    ['llama3:70b', 'llama3:8b'],
    ['claude-opus-4-5', 'claude-sonnet-4-5-20250929'],
    ['deepseek-reasoner', 'deepseek-chat'],
    ['sparrow-3', 'sparrow-2'],
  ] as const)
    assert.equal(another(asked, answered), true, `${asked} by ${answered}`)
})
