/** The closed vocabulary of failures: who is at fault, then the code, as `caller_invalid_api_key`. */

import type { ProblemCode } from '#base/problem.ts'
import { problems } from '#base/problem.ts'

export const errorType = (code: ProblemCode): string => `${problems[code].blame}_${code}`
