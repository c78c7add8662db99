import { defineConfig } from 'vite';
import { pageConfig } from '../../scripts/page-config.mjs';

export default defineConfig(pageConfig(import.meta.dirname, '/admin/'));
