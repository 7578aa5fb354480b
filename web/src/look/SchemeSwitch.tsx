import { type MantineColorScheme, SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { words } from './words'

const order: MantineColorScheme[] = ['light', 'dark', 'auto']

/** Light, dark, or as the system has it. The choice stays in this browser. */
export function SchemeSwitch({ size = 'sm' }: { size?: 'xs' | 'sm' }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <SegmentedControl
      size={size}
      aria-label={words.scheme}
      value={colorScheme}
      onChange={(value) => { setColorScheme(value as MantineColorScheme) }}
      data={order.map((value) => ({ value, label: words.schemes[value] }))}
    />
  )
}
