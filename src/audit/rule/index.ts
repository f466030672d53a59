/** Every SDK that the audit knows; a new one is a row in one of these lists. */

import { sharpSdks } from './sdk-dotnet.ts'
import { goSdks } from './sdk-go.ts'
import { jvmSdks } from './sdk-jvm.ts'
import { pythonSdks } from './sdk-python.ts'
import { phpSdks, rubySdks, rustSdks } from './sdk-ruby-php-rust.ts'
import type { SdkRule } from './sdk-rule.ts'
import { scriptSdks } from './sdk-script.ts'

export const sdks: readonly SdkRule[] = [
  ...pythonSdks,
  ...scriptSdks,
  ...goSdks,
  ...jvmSdks,
  ...sharpSdks,
  ...rubySdks,
  ...phpSdks,
  ...rustSdks,
]
