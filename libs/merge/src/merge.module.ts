import { Module } from '@nestjs/common';
import { CartModule } from '@app/cart';
import { MergeController } from './merge.controller.js';
import { MergeSweeper } from './merge.sweeper.js';
import { Merger } from './merger.js';

@Module({
  imports: [CartModule],
  controllers: [MergeController],
  providers: [Merger, MergeSweeper],
})
export class MergeModule {}
