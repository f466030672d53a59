import { words } from '#parts/words.ts'

export const texts = words({
  title: ['Quickstart', '快速开始'],
  lead: [
    'Change the base URL and the key; everything else of your SDK stays.',
    '只需更换 Base URL 和密钥，SDK 的其余部分保持不变。',
  ],
  base: ['Base URL', 'Base URL'],
  key: ['Your key', '您的密钥'],
  keyHelp: [
    'Only used on this page, and never stored. Left empty, the code reads it from DROVER_KEY.',
    '仅用于本页显示，不会保存。留空则从 DROVER_KEY 读取。',
  ],
  model: ['Model', '模型'],
  make: ['Create a key', '创建密钥'],
  ways: ['Ways to call', '调用方式'],
  install: ['Install', '安装'],
  code: ['Code', '代码'],
  others: ['Others', '其他'],
  first: [
    'A test key (hs-test-…) answers from the sandbox: no provider, no cost.',
    '测试密钥（hs-test-…）由沙盒应答：不经过供应商，不产生费用。',
  ],
})
