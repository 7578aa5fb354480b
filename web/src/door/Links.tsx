import { Problem, sentence } from '~/api/problem'
import { Failed } from '~/look'
import { Go, Sheet, Stack } from './parts'
import { words } from './words'

/** A mailed link that leads nowhere: incomplete, used, too old; or the server could not be asked. */
export function DeadLink({ error, then, go, again }: { error?: unknown; then: string; go?: { to: string; text: string }; again: () => void }) {
  if (error !== undefined && !(error instanceof Problem && [400, 404, 410, 422].includes(error.status))) {
    return <Sheet title={words.product}><Stack><Failed text={sentence(error)} again={again} /></Stack></Sheet>
  }
  const missing = error === undefined
  return (
    <Sheet title={missing ? words.link.missing : words.link.gone} lead={missing ? words.link.missingText : words.link.goneText + then} moved={!missing}>
      {go && <Stack><Go to={go.to} plain={missing}>{go.text}</Go></Stack>}
    </Sheet>
  )
}
