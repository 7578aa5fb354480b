import { sentence } from '~/api/problem'
import { Failed } from '~/look'
import { ask } from './ask'
import { PolicyText, Sheet, Stack, Waiting } from './parts'
import { useOpened } from './useOpened'
import { words } from './words'

export function PolicyPage({ kind }: { kind: 'security' | 'privacy' }) {
  const [policies, again] = useOpened(ask.policies)
  const title = words[kind]
  if (policies.state === 'waiting') return <Waiting title={title} />
  if (policies.state === 'refused') return <Sheet title={title}><Stack><Failed text={sentence(policies.error)} again={again} /></Stack></Sheet>
  const policy = policies.data[kind]
  return (
    <Sheet title={policy.title} lead={words.version(policy.version)} wide>
      <PolicyText markdown={policy.text_md} page />
    </Sheet>
  )
}
