import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import { createRoot } from 'react-dom/client';
import { ConsoleApp } from './shell/console-app';

createRoot(document.getElementById('root')!).render(<ConsoleApp />);
