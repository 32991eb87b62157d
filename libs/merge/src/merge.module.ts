import { Module } from '@nestjs/common';
import { CartModule } from '@app/cart';
import { MergePersister } from './merge.persister.js';
import { MergeController } from './merge.controller.js';
import { MergeSweeper } from './merge.sweeper.js';
import { Merger } from './merger.js';

@Module({
  imports: [CartModule],
  controllers: [MergeController],
  providers: [MergePersister, Merger, MergeSweeper],
})
export class MergeModule {}
