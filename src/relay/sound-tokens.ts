/**
 * How many tokens sound comes to. OpenAI's: one for each 100 ms that a model hears and for each 50 ms that it speaks
 * (https://developers.openai.com/api/docs/guides/realtime-costs, read 2026-12-01). That page is of Realtime. For speech and transcriptions whose provider tells
 * nothing, and for other vendors, it is assumed: where theirs differ, what is charged for such an answer differs by as much.
 */

export const heardTokensPerSecond = 10
export const saidTokensPerSecond = 20

/** Tokens of sound that a model has said. */
export const saidTokens = (seconds: number): number => Math.ceil(seconds * saidTokensPerSecond)

/** Tokens of sound that a model has heard, likely. */
export const heardTokens = (seconds: number): number => Math.ceil(seconds * heardTokensPerSecond)
