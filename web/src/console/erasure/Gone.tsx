import { Button } from '@mantine/core'
import { IconEraser } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Empty } from '~/look'
import { may, useMe } from '../session'
import { words } from './words'

/** Stands where the messages of an erased contact stood. */
export function Gone() {
  const me = useMe()
  return (
    <Empty
      icon={<IconEraser size={26} />}
      title={words.gone.title}
      action={may(me, 'archive.view') && <Button variant="default" renderRoot={(props) => <Link to="/admin/erasure" {...props} />}>{words.data.certificates}</Button>}
    >
      {words.gone.text}
    </Empty>
  )
}
